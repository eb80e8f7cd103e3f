package import MartletCore

import struct Crypto.SHA256

/// Everything that decides what a step makes, by name; the digest of all of it is the step's cache key.
package struct StepIngredients: Sendable, Hashable, Codable {
  /// Names such as `definition`, `sql`, `file:prep.R`, `params.days`, `data.flights`, `input:train.model`, `environment`.
  package private(set) var values: [String: String]

  /// - Parameters:
  ///   - facts: what only the caller knows: versions of data, of engines, of what a step compares with.
  ///   - upstream: outputs of the steps before.
  package init(
    _ node: PipelineGraph.Node, file: ProjectFile, files: ProjectFiles, params: [String: JSON], now: Timestamp,
    facts: [String: String], upstream: [String: [String: StepOutput]]
  ) throws {
    values = [:]
    try addDefinition(node.step, files: files, now: now)
    for name in node.params { values["params.\(name)"] = params[name]?.text ?? "" }
    for name in node.features { try addFeature(name, file: file, files: files) }
    for (name, value) in facts { values[name] = value }
    for input in node.inputs {
      guard let output = upstream[input.step]?[input.output] else {
        throw MartletError(
          .internalError, "the step '\(node.name)' needs '\(input)', which '\(input.step)' did not make")
      }
      values["input:\(input)"] = output.fingerprint
    }
  }

  private mutating func addDefinition(_ step: StepDefinition, files: ProjectFiles, now: Timestamp) throws {
    let out = JSON.object(step.out.mapValues(JSON.string))
    switch step.work {
    case .sql(let source):
      let statement = try source.statement(in: files)
      values["sql"] = Self.digest(statement)
      if Template(statement).references.contains(.now) { values["now"] = now.description }
      values["definition"] = JSON.object(["kind": "sql", "out": out]).text
    case .run(let command):
      values["definition"] = JSON.object(["kind": "run", "command": .string(command), "out": out]).text
      if Template(command).references.contains(.now) { values["now"] = now.description }
      try addFiles(of: step, files)
    default:
      values["definition"] = JSON.object(["work": try JSON(encoding: step.work), "out": out]).text
    }
  }

  /// A command may read any file of the project, unless it says which.
  private mutating func addFiles(of step: StepDefinition, _ files: ProjectFiles) throws {
    let ignored = [".md", ".sql"]
    let all = files.paths.filter { path in path != "martlet.yaml" && !ignored.contains(where: path.hasSuffix) }
    for path in step.files ?? all {
      guard let file = files.files[path] else {
        throw MartletError.notFound(
          "the project has no file '\(path.prefix(128))'\(didYouMean(path, among: files.paths))")
      }
      values["file:\(path)"] = Digest(bytes: SHA256.hash(data: file.bytes)).hex
    }
  }

  private mutating func addFeature(_ name: String, file: ProjectFile, files: ProjectFiles) throws {
    guard let section = file.feature(name) else { return }
    values["feature.\(name)"] = Self.digest(section.json.text + (try section.sql.statement(in: files)))
  }

  private static func digest(_ text: String) -> String { Digest(bytes: SHA256.hash(data: Array(text.utf8))).hex }

  /// SHA-256 over the canonical JSON of all ingredients.
  package var key: Digest {
    Digest(bytes: SHA256.hash(data: JSON.object(values.mapValues(JSON.string)).bytes))
  }

  /// What differs from an earlier run's, in words: `params.days 90 → 120, data.flights changed`.
  package func changes(since earlier: StepIngredients) -> String {
    let names = Set(values.keys).union(earlier.values.keys).sorted()
    let changed = names.filter { values[$0] != earlier.values[$0] }
    return changed.prefix(5).map { name in
      switch (earlier.values[name], values[name]) {
      case (nil, _): "\(name) added"
      case (_, nil): "\(name) removed"
      case (let before?, let after?):
        before.count + after.count <= 60 && !name.hasPrefix("input:")
          ? "\(name) \(before) → \(after)" : "\(name) changed"
      }
    }.joined(separator: ", ") + (changed.count > 5 ? ", and \(changed.count - 5) more" : "")
  }
}
