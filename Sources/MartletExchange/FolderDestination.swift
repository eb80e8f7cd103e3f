import Foundation
import MartletCore
package import MartletRegistry
package import MartletTracking

/// Writes an `mlruns` folder that MLflow's file store opens (mlflow/store/tracking/file_store.py).
package struct FolderDestination: Sendable {
  package let root: String

  /// - Parameter folder: made here; one that holds something already is refused.
  package init(_ folder: String) throws {
    root = URL(fileURLWithPath: folder).standardizedFileURL.path
    let held = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    guard held.isEmpty else {
      throw MartletError(
        .alreadyExists, "the folder '\(folder)' is not empty", fix: "name a folder that does not exist yet")
    }
    try Self.makeFolder(root)
    try Self.makeFolder("\(root)/.trash")
    try Self.makeFolder("\(root)/models")
  }

  private func folder(of experiment: ImportedExperiment) -> String {
    experiment.lifecycle == .deleted ? "\(root)/.trash/\(experiment.id)" : "\(root)/\(experiment.id)"
  }

  package func write(_ experiment: ImportedExperiment) throws {
    let folder = folder(of: experiment)
    try Self.makeFolder(folder)
    try Self.write(
      YAMLText.mapping([
        ("artifact_location", .text("file://\(root)/\(experiment.id)")),
        ("creation_time", .whole(experiment.creationTime)), ("experiment_id", .text(experiment.id)),
        ("last_update_time", .whole(experiment.lastUpdateTime)),
        ("lifecycle_stage", .text(experiment.lifecycle.rawValue)), ("name", .text(experiment.name)),
      ]), to: "\(folder)/meta.yaml")
    for tag in experiment.tags { try Self.write(tag.value, to: "\(folder)/tags/\(tag.key)") }
  }

  // MARK: - Runs

  package func write(_ run: ImportedRun, in experiment: ImportedExperiment) throws {
    let folder = "\(folder(of: experiment))/\(run.id)"
    let statuses: [RunStatus: Int64] = [.running: 1, .scheduled: 2, .finished: 3, .failed: 4, .killed: 5]
    for part in ["metrics", "params", "artifacts", "tags"] { try Self.makeFolder("\(folder)/\(part)") }
    try Self.write(
      YAMLText.mapping([
        ("artifact_uri", .text("file://\(folder)/artifacts")),
        ("deleted_time", run.deletedTime.map(YAMLText.Value.whole) ?? .null),
        ("end_time", run.endTime.map(YAMLText.Value.whole) ?? .null), ("entry_point_name", .text("")),
        ("experiment_id", .text(experiment.id)), ("lifecycle_stage", .text(run.lifecycle.rawValue)),
        ("run_id", .text(run.id)), ("run_name", .text(run.name)), ("run_uuid", .text(run.id)),
        ("source_name", .text("")),
        ("source_type", .whole(4)), ("source_version", .text("")), ("start_time", .whole(run.startTime)),
        ("status", .whole(statuses[run.status] ?? 1)), ("tags", .emptyList), ("user_id", .text(run.user)),
      ]), to: "\(folder)/meta.yaml")
    for param in run.params { try Self.write(param.value, to: "\(folder)/params/\(param.key)") }
    for tag in run.tags { try Self.write(tag.value, to: "\(folder)/tags/\(tag.key)") }
    for dataset in run.datasets { try write(dataset, of: run.id, folder, in: experiment) }
    for link in run.modelInputs {
      let id = FileStoreID.input(link.model, run: run.id)
      try write(link: "MODEL", link.model, to: "RUN", at: "\(folder)/inputs/\(id)", step: nil, tags: [])
    }
    for link in run.modelOutputs {
      try write(
        link: "RUN_OUTPUT", link.model, to: "MODEL_OUTPUT", at: "\(folder)/outputs/\(link.model)", step: link.step,
        tags: [])
    }
  }

  private func write(_ dataset: ImportedDataset, of run: String, _ folder: String, in experiment: ImportedExperiment)
    throws
  {
    let id = FileStoreID.dataset(dataset.name, dataset.digest)
    try Self.write(
      YAMLText.mapping([
        ("digest", .text(dataset.digest)), ("name", .text(dataset.name)),
        ("profile", dataset.profile.map(YAMLText.Value.text) ?? .null),
        ("schema", dataset.schema.map(YAMLText.Value.text) ?? .null), ("source", .text(dataset.source)),
        ("source_type", .text(dataset.sourceType)),
      ]), to: "\(self.folder(of: experiment))/datasets/\(id)/meta.yaml")
    let input = FileStoreID.input(id, run: run)
    try write(link: "DATASET", id, to: "RUN", at: "\(folder)/inputs/\(input)", step: nil, tags: dataset.tags)
  }

  private func write(
    link kind: String, _ id: String, to destination: String, at folder: String, step: Int64?, tags: [KeyValue]
  ) throws {
    var members: [(String, YAMLText.Value)] = [
      ("destination_id", .text(id)), ("destination_type", .text(destination)), ("source_id", .text(id)),
      ("source_type", .text(kind)), ("tags", .mapping(tags)),
    ]
    if let step { members.append(("step", .whole(step))) }
    try Self.write(YAMLText.mapping(members), to: "\(folder)/meta.yaml")
  }

  /// Adds points to the file of their series.
  package func write(_ series: ImportedSeries, in experiment: ImportedExperiment) throws {
    var lines = ""
    for point in 0..<series.count {
      lines += "\(series.timestamps[point]) \(Self.number(series.values[point])) \(series.steps[point])\n"
    }
    guard !lines.isEmpty else { return }
    try Self.append(lines, to: "\(folder(of: experiment))/\(series.run)/metrics/\(series.key)")
  }

  /// As Python reads numbers.
  private static func number(_ value: Double) -> String {
    value.isNaN ? "nan" : value.isInfinite ? (value > 0 ? "inf" : "-inf") : "\(value)"
  }

  // MARK: - Models

  package func write(_ model: ImportedLoggedModel, in experiment: ImportedExperiment) throws {
    let folder = "\(folder(of: experiment))/models/\(model.id)"
    let statuses: [String: Int64] = ["PENDING": 1, "READY": 2, "UPLOAD_FAILED": 3]
    for part in ["metrics", "params", "artifacts", "tags"] { try Self.makeFolder("\(folder)/\(part)") }
    try Self.write(
      YAMLText.mapping([
        ("artifact_location", .text("file://\(folder)/artifacts")), ("creation_timestamp", .whole(model.creationTime)),
        ("experiment_id", .text(experiment.id)), ("last_updated_timestamp", .whole(model.lastUpdateTime)),
        ("model_id", .text(model.id)),
        ("model_type", model.modelType.map(YAMLText.Value.text) ?? .null), ("name", .text(model.name)),
        ("source_run_id", model.sourceRun.map(YAMLText.Value.text) ?? .null),
        ("status", .whole(statuses[model.status] ?? 1)), ("status_message", .null),
      ]), to: "\(folder)/meta.yaml")
    for param in model.params { try Self.write(param.value, to: "\(folder)/params/\(param.key)") }
    for tag in model.tags { try Self.write(tag.value, to: "\(folder)/tags/\(tag.key)") }
    for metric in model.metrics {
      let point = metric.point
      let dataset = metric.datasetName.map { " \($0) \(metric.datasetDigest ?? "")" } ?? ""
      try Self.append(
        "\(point.timestamp) \(Self.number(point.value)) \(point.step) \(metric.run)\(dataset)\n",
        to: "\(folder)/metrics/\(point.key)")
    }
  }

  package func write(_ model: ImportedModel) throws {
    let folder = "\(root)/models/\(model.name)"
    try Self.makeFolder(folder)
    try Self.write(
      YAMLText.mapping([
        ("creation_timestamp", .whole(model.creationTime)),
        ("description", model.description.map(YAMLText.Value.text) ?? .null),
        ("last_updated_timestamp", .whole(model.lastUpdateTime)), ("name", .text(model.name)),
      ]), to: "\(folder)/meta.yaml")
    for (key, value) in model.tags { try Self.write(value, to: "\(folder)/tags/\(key)") }
    for (alias, version) in model.aliases { try Self.write(String(version), to: "\(folder)/aliases/\(alias)") }
    for version in model.versions { try write(version, of: model.name, in: folder) }
  }

  private func write(_ version: ImportedVersion, of model: String, in folder: String) throws {
    func text(_ value: String?) -> YAMLText.Value { value.map(YAMLText.Value.text) ?? .null }
    let path = "\(folder)/version-\(version.version)"
    try Self.write(
      YAMLText.mapping([
        ("creation_timestamp", .whole(version.creationTime)), ("current_stage", .text(version.stage)),
        ("description", text(version.description)), ("last_updated_timestamp", .whole(version.lastUpdateTime)),
        ("model_id", text(version.loggedModel)), ("name", .text(model)), ("run_id", text(version.run)),
        ("run_link", text(version.runLink)), ("source", .text(version.source)), ("status", .text(version.status)),
        ("status_message", text(version.statusMessage)), ("storage_location", text(storage(of: version))),
        ("user_id", .text(version.user)), ("version", .whole(Int64(version.version))),
      ]), to: "\(path)/meta.yaml")
    for (key, value) in version.tags { try Self.write(value, to: "\(path)/tags/\(key)") }
  }

  /// Where this folder has the version's files.
  private func storage(of version: ImportedVersion) -> String? {
    guard let place = version.place else { return version.source.isEmpty ? nil : version.source }
    let owner = place.run.map { ArtifactOwner.run($0) } ?? place.loggedModel.map { ArtifactOwner.loggedModel($0) }
    guard let owner, let experiment = try? experiment(of: owner) else { return version.source }
    let folder = artifacts(of: owner, in: experiment)
    return "file://" + (place.path.isEmpty ? folder : "\(folder)/\(place.path)")
  }

  /// The experiment's folder that has a run or a logged model.
  private func experiment(of owner: ArtifactOwner) throws -> String? {
    for parent in [root, "\(root)/.trash"] {
      for name in try FolderFile.folders(parent) where name != "models" && name != ".trash" {
        if FolderFile.exists(artifacts(of: owner, in: "\(parent)/\(name)")) { return "\(parent)/\(name)" }
      }
    }
    return nil
  }

  private func artifacts(of owner: ArtifactOwner, in experiment: String) -> String {
    switch owner {
    case .run(let id): "\(experiment)/\(id)/artifacts"
    case .loggedModel(let id): "\(experiment)/models/\(id)/artifacts"
    }
  }

  /// Where a file of a run or a logged model goes; its folder is there.
  package func path(of file: String, _ owner: ArtifactOwner, in experiment: ImportedExperiment) throws -> String {
    let path = "\(artifacts(of: owner, in: folder(of: experiment)))/\(try Self.checked(file))"
    try Self.makeFolder((path as NSString).deletingLastPathComponent)
    return path
  }

  // MARK: - Files

  private static func checked(_ path: String) throws -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !parts.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }), !path.utf8.contains(0) else {
      throw MartletError.invalidInput("'\(path.prefix(200))' is no name of a file in a folder")
    }
    return path
  }

  private static func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw failure(path, "\(error)")
    }
  }

  private static func write(_ text: String, to path: String) throws {
    try makeFolder((path as NSString).deletingLastPathComponent)
    try write(text, to: path, O_TRUNC)
  }

  private static func append(_ text: String, to path: String) throws {
    if !FileManager.default.fileExists(atPath: path) { return try write(text, to: path) }
    try write(text, to: path, O_APPEND)
  }

  /// Not one by one to the disk, which takes a millisecond for each of many small files: see `finish`.
  private static func write(_ text: String, to path: String, _ mode: Int32) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0o644)
    guard descriptor >= 0 else { throw failure(path, String(cString: strerror(errno))) }
    do { try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).write(contentsOf: Data(text.utf8)) } catch {
      throw failure(path, "\(error)")
    }
  }

  /// Returns when everything is on the disk.
  package func finish() { sync() }

  private static func failure(_ path: String, _ cause: String) -> MartletError {
    MartletError(
      .unavailable, "'\(path)' could not be written", cause: String(cause.prefix(200)),
      fix: "check the disk, and that you may write there")
  }
}
