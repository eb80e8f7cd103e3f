package import MartletCore

/// What the reader of a project file is given beside the text itself.
package struct ProjectFileContext: Sendable {
  /// The project's other files; nil: references to files are not checked.
  package var files: ProjectFiles?
  /// Throws when a dataset's (name, JSON) or feature view's definition is not one its module accepts; its message is
  /// reported at the definition.
  package var checkDataset: @Sendable (String, JSON) throws -> Void = { _, _ in }
  package var checkFeature: @Sendable (String, JSON) throws -> Void = { _, _ in }
  /// Throws when a gate's or an alert's line is not an expression; its message is reported at the line.
  package var checkExpression: @Sendable (String) throws -> Void

  package init(files: ProjectFiles? = nil, checkExpression: @escaping @Sendable (String) throws -> Void = { _ in }) {
    self.files = files
    self.checkExpression = checkExpression
  }
}

extension ProjectFile {
  /// Reads a project file; throws one `MartletError` that names every problem with its line and column.
  package static func parse(
    _ text: String, fileName: String = "martlet.yaml", context: ProjectFileContext = ProjectFileContext()
  ) throws -> ProjectFile {
    let problems = FileProblems(fileName: fileName)
    let file = read(text, problems: problems, context: context)
    try problems.throwIfAny()
    guard let file else { throw MartletError.invalidInput("\(fileName) is empty", fix: "start with `martlet: 1`") }
    return file
  }

  /// Reads as much as there is; what is wrong is added to `problems`.
  package static func read(_ text: String, problems: FileProblems, context: ProjectFileContext) -> ProjectFile? {
    guard let root = YAMLDocument.read(text, problems: problems),
      let reader = MappingReader(root, path: "", problems: problems)
    else { return nil }
    readFormat(reader)
    var file = ProjectFile(project: ProjectName(reader.name("project", required: true) ?? ""))
    file.fileName = problems.fileName
    file.charter = reader.child("charter").map(CharterSection.read)
    file.readParams(reader)
    file.readSections(reader, context: context)
    file.readNotYet(reader)
    reader.finish()
    file.checkReferences(reader, files: context.files)
    file.checkDefinitions(problems, context)
    file.notYet = problems.notYet.sorted { $0.position < $1.position }
    return file
  }

  private static func readFormat(_ reader: MappingReader) {
    guard let format = reader.integer("martlet", in: 1...1_000_000, required: true), format != 1 else { return }
    reader.problems.add(
      reader.position(of: "martlet"), "format \(format) is newer than this version of Martlet, which reads 1")
  }

  private mutating func readParams(_ reader: MappingReader) {
    for (name, position, node) in reader.members("params") {
      let value = reader.problems.json(node, "params.\(name)")
      if value.object != nil || value.array != nil || value.isNull {
        reader.problems.add(position, "params.\(name) must be a single value, not \(node.kind)")
      }
      params[name] = value
    }
  }

  /// What the modules that own datasets and feature views say, where the keys themselves are in order.
  private func checkDefinitions(_ problems: FileProblems, _ context: ProjectFileContext) {
    guard problems.isEmpty else { return }
    for dataset in data {
      problems.check("data.\(dataset.name)", at: dataset.position) {
        try context.checkDataset(dataset.name, dataset.json)
      }
    }
    for feature in features {
      problems.check("features.\(feature.name)", at: feature.position) {
        try context.checkFeature(feature.name, feature.json)
      }
    }
  }

  private mutating func readSections(_ reader: MappingReader, context: ProjectFileContext) {
    let problems = reader.problems
    func members<Section>(_ key: String, _ read: (String, MappingReader) -> Section?) -> [Section] {
      reader.members(key).compactMap { name, _, node in
        MappingReader(node, path: "\(key).\(name)", problems: problems).flatMap { read(name, $0) }
      }
    }
    func items<Section>(_ key: String, _ read: (MappingReader) -> Section?) -> [Section] {
      reader.list(key).enumerated().compactMap { index, node in
        MappingReader(node, path: "\(key)[\(index + 1)]", problems: problems).flatMap(read)
      }
    }
    data = members("data", DatasetSection.read)
    features = members("features", FeatureSection.read)
    steps = members("steps", StepDefinition.read)
    gates = reader.members("gates").map { name, position, node in
      GateSection.read(name, position, node, problems: problems, check: context.checkExpression)
    }
    endpoints = members("endpoints", EndpointSection.read)
    monitors = members("monitors") { MonitorSection.read($0, $1, check: context.checkExpression) }
    triggers = items("triggers", TriggerDefinition.read)
    limits = reader.child("limits").map(LimitsSection.read) ?? LimitsSection()
    notify = items("notify", NotifySection.read)
  }

  /// Sections that are part of the format and whose features are not built: their keys are checked all the same.
  private func readNotYet(_ reader: MappingReader) {
    for (name, position, node) in reader.members("environments") {
      guard let environment = MappingReader(node, path: "environments.\(name)", problems: reader.problems) else {
        continue
      }
      _ = environment.child("params")
      _ = environment.text("approve")
      environment.finish()
      reader.problems.addNotYet(position, "the environment '\(name)'")
    }
    for (name, position, node) in reader.members("executors") {
      guard let executor = MappingReader(node, path: "executors.\(name)", problems: reader.problems) else { continue }
      for key in ["kind", "url", "partition", "token"] { _ = executor.text(key) }
      _ = executor.integer("slots", in: 1...100_000)
      executor.finish()
      if name != "local" { reader.problems.addNotYet(position, "the executor '\(name)'") }
    }
  }
}
