import MartletAccess
import MartletCore
import MartletRegistry
import MartletTracking

/// Where a client says that a new model version comes from, checked, and the files that are there.
///
/// The server reads nothing through a source: it only looks up names of its own artifact space. Other stores'
/// addresses are kept as text; paths on this machine are refused. What a version is made from becomes readable with it, so
/// whoever makes one must be allowed to read all of that: demanded before anything is looked up.
struct VersionSource {
  var source: String
  var run: RunID?
  var loggedModelID: String?
  var files: [ModelFile] = []
  /// The registered version that this one is a copy of.
  var copied: ModelVersion?
  private let demandReading: @Sendable (Subject) async throws -> Void

  private static let elsewhere: Set<String> = [
    "s3", "s3a", "gs", "wasb", "wasbs", "abfs", "abfss", "adl", "dbfs", "hdfs", "viewfs", "oss", "b2", "r2",
  ]

  init(
    _ source: String, run: RunID?, loggedModelID: String?, isPrompt: Bool, tracker: ExperimentTracker,
    registry: ModelRegistry, demandReading: @escaping @Sendable (Subject) async throws -> Void
  ) async throws {
    (self.source, self.run, self.loggedModelID) = (source, run, loggedModelID)
    self.demandReading = demandReading
    if let run { try await demandReading(.run(run)) }
    if let loggedModelID { try await demandReading(.loggedModel(loggedModelID)) }
    if isPrompt {
      guard source == "prompt-template" || source == "dummy-source" else {
        throw Self.invalid(source, "Prompt sources must use an MLflow placeholder.")
      }
      return
    }
    guard let colon = source.firstIndex(of: ":"), !source.contains(".."), !source.contains("\0"), !source.contains("%")
    else {
      throw Self.invalid(source, "It must be a URI such as runs:/<run>/<path> without relative parts.")
    }
    let rest = String(source[source.index(after: colon)...])
    switch source[..<colon].lowercased() {
    case "runs": try await useRun(rest, tracker)
    case "models": try await useModel(rest, tracker, registry)
    case "mlflow-artifacts": try await useArtifacts(tracker)
    case let scheme where Self.elsewhere.contains(scheme): break
    default:
      throw Self.invalid(
        source,
        "Use runs:/, models:/, mlflow-artifacts:/ or a store's address such as s3://; this server reads no local paths."
      )
    }
  }

  /// `runs:/<run>/<path>`
  private mutating func useRun(_ rest: String, _ tracker: ExperimentTracker) async throws {
    let parts = rest.split(separator: "/", maxSplits: 1).map(String.init)
    guard rest.hasPrefix("/"), !rest.hasPrefix("//"), let id = parts.first, let run, run.text == id else {
      throw Self.mismatched(source, "run_id")
    }
    files = try await tracker.artifactFiles(below: parts.count > 1 ? parts[1] : "", of: run).map(ModelFile.init)
  }

  /// `models:/m-<id>`, `models:/<name>/<version>` or `models:/<name>@<alias>`
  private mutating func useModel(_ rest: String, _ tracker: ExperimentTracker, _ registry: ModelRegistry) async throws {
    let parts = rest.split(separator: "/").map(String.init)
    guard rest.hasPrefix("/"), !rest.hasPrefix("//"), (1...2).contains(parts.count) else {
      throw Self.mismatched(source, "model_id")
    }
    if parts.count == 1, parts[0].hasPrefix("m-"), !parts[0].contains("@") {
      guard loggedModelID == parts[0] else { throw Self.mismatched(source, "model_id") }
      let model = try await tracker.loggedModel(parts[0])
      try await adopt(run: model.sourceRun)
      if let root = ArtifactLocation.path(ofURI: model.artifactURI) {
        files = try await tracker.artifactFiles(below: root).map(ModelFile.init)
      }
      return
    }
    let original = try await version(parts, registry)
    source = "models:/\(original.id.model)/\(original.id.version)"
    try await adopt(run: original.run)
    if loggedModelID == nil, let id = original.loggedModelID {
      try await demandReading(.loggedModel(id))
      loggedModelID = id
    }
    files = original.files
    copied = original
  }

  /// The run of what the version is made from, where the request names none.
  private mutating func adopt(run other: RunID?) async throws {
    guard run == nil, let other else { return }
    try await demandReading(.run(other))
    run = other
  }

  private func version(_ parts: [String], _ registry: ModelRegistry) async throws -> ModelVersion {
    if parts.count == 2, let number = Int(parts[1]) {
      try await demandReading(.model(ModelName(parts[0])))
      return try await registry.version(ModelVersionID(model: ModelName(parts[0]), version: number))
    }
    let halves = parts[0].split(separator: "@", maxSplits: 1).map(String.init)
    guard parts.count == 1, halves.count == 2 else { throw Self.absent(parts) }
    try await demandReading(.model(ModelName(halves[0])))
    guard let version = try await registry.findVersion(of: ModelName(halves[0]), alias: halves[1]) else {
      throw Self.absent(parts)
    }
    return version
  }

  private static func absent(_ parts: [String]) -> MartletError {
    invalid("models:/" + parts.joined(separator: "/"), "There is no such model version.")
  }

  /// `mlflow-artifacts:/<path>` below the run or logged model that the request names.
  private mutating func useArtifacts(_ tracker: ExperimentTracker) async throws {
    guard let path = ArtifactLocation.path(ofURI: source), !path.isEmpty else {
      throw Self.mismatched(source, "run_id")
    }
    var root: String?
    if let loggedModelID {
      let model = try await tracker.loggedModel(loggedModelID)
      root = ArtifactLocation.path(ofURI: model.artifactURI)
      try await adopt(run: model.sourceRun)
    } else if let run {
      root = ArtifactLocation.path(ofURI: try await tracker.runInfo(run).artifactURI)
    }
    guard let root, path == root || path.hasPrefix("\(root)/") else {
      throw Self.mismatched(source, loggedModelID == nil ? "run_id" : "model_id")
    }
    files = try await tracker.artifactFiles(below: path).map(ModelFile.init)
  }

  private static func invalid(_ source: String, _ why: String) -> MartletError {
    .invalidInput("Invalid model version source: '\(source.prefix(200))'. \(why)")
  }

  private static func mismatched(_ source: String, _ parameter: String) -> MartletError {
    invalid(source, "The \(parameter) request parameter must identify the resource that contains the source.")
  }
}

extension ModelFile {
  fileprivate init(_ file: ArtifactFile) { self.init(path: file.path, digest: file.digest, size: file.size) }
}
