import Foundation
import MartletCore
package import MartletTracking
import Yams

/// An `mlruns` folder: MLflow's file store (mlflow/store/tracking/file_store.py), read only.
package struct FolderSource: MLflowSource {
  package let name: String
  let root: String

  /// How many runs are held at once, with all but their points.
  private static let runsAtOnce = 100

  package init(_ folder: String) throws {
    root = URL(fileURLWithPath: folder).standardizedFileURL.path
    name = root
    guard FileManager.default.fileExists(atPath: root) else {
      throw MartletError(.notFound, "there is no folder '\(folder)'", fix: "check the path")
    }
  }

  package func check() async throws -> [String] {
    guard try !experimentFolders().isEmpty else {
      throw MartletError.invalidInput(
        "the folder '\(root)' holds no experiments of MLflow",
        fix: "name the folder that has <experiment>/meta.yaml in it")
    }
    return ["a folder of MLflow's file store"]
  }

  package func size() async throws -> SourceSize {
    SourceSize(runs: Int64(try experimentFolders().reduce(0) { $0 + (try runNames(in: $1.path).count) }))
  }

  // MARK: - Tracking

  package func experiments() async throws -> [ImportedExperiment] {
    try experimentFolders().map { folder in
      let meta = try FolderFile.yaml("\(folder.path)/meta.yaml")
      return ImportedExperiment(
        id: meta.text("experiment_id") ?? folder.name, name: meta.text("name") ?? folder.name,
        lifecycle: folder.isDeleted || meta.text("lifecycle_stage") == "deleted" ? .deleted : .active,
        creationTime: meta.whole("creation_time") ?? 0, lastUpdateTime: meta.whole("last_update_time") ?? 0,
        artifactLocation: meta.text("artifact_location"), tags: try FolderFile.pairs("\(folder.path)/tags"))
    }
  }

  package func forEachRuns(of experiment: String, _ body: ([ImportedRun]) async throws -> Void) async throws {
    guard let folder = try experimentFolder(experiment) else { return }
    let names = try runNames(in: folder)
    for start in stride(from: 0, to: names.count, by: Self.runsAtOnce) {
      let page = names[start..<min(start + Self.runsAtOnce, names.count)]
      try await body(try page.map { try run(at: "\(folder)/\($0)", in: folder, experiment) })
    }
  }

  private func runNames(in experiment: String) throws -> [String] {
    try FolderFile.folders(experiment).filter { name in
      !["tags", "datasets", "traces", "models"].contains(name)
        && FolderFile.exists("\(experiment)/\(name)/meta.yaml")
    }
  }

  private func run(at path: String, in folder: String, _ experiment: String) throws -> ImportedRun {
    let meta = try FolderFile.yaml("\(path)/meta.yaml")
    let tags = try FolderFile.pairs("\(path)/tags")
    let links = try links(at: path, in: folder)
    let statuses: [Int64: RunStatus] = [1: .running, 2: .scheduled, 3: .finished, 4: .failed, 5: .killed]
    return ImportedRun(
      id: meta.text("run_id") ?? meta.text("run_uuid") ?? "", experiment: experiment,
      name: meta.text("run_name") ?? tags.first { $0.key == ExperimentTracker.runNameTag }?.value ?? "",
      user: meta.text("user_id") ?? "", status: statuses[meta.whole("status") ?? 1] ?? .running,
      startTime: meta.whole("start_time") ?? 0, endTime: meta.whole("end_time"),
      lifecycle: meta.text("lifecycle_stage") == "deleted" ? .deleted : .active,
      deletedTime: meta.whole("deleted_time"), artifactPlace: artifacts(meta.text("artifact_uri"), "\(path)/artifacts"),
      params: try FolderFile.pairs("\(path)/params"), tags: tags, datasets: links.datasets, modelInputs: links.inputs,
      modelOutputs: links.outputs)
  }

  /// The address as written; the folder beside the run when nothing is there, since the whole may have been moved.
  private func artifacts(_ uri: String?, _ beside: String) -> String? {
    guard let uri, let path = ArtifactAddress.localPath(uri) else { return uri ?? beside }
    return FolderFile.exists(path) ? path : beside
  }

  private func links(at run: String, in experiment: String) throws -> (
    datasets: [ImportedDataset], inputs: [ImportedModelLink], outputs: [ImportedModelLink]
  ) {
    var found: (datasets: [ImportedDataset], inputs: [ImportedModelLink], outputs: [ImportedModelLink]) = ([], [], [])
    for name in try FolderFile.folders("\(run)/inputs") {
      let meta = try FolderFile.yaml("\(run)/inputs/\(name)/meta.yaml")
      guard let id = meta.text("source_id") else { continue }
      if meta.text("source_type") == "MODEL" {
        found.inputs.append(ImportedModelLink(model: id, step: 0))
        continue
      }
      let dataset = try FolderFile.yaml("\(experiment)/datasets/\(id)/meta.yaml")
      found.datasets.append(
        ImportedDataset(
          name: dataset.text("name") ?? "", digest: dataset.text("digest") ?? "",
          sourceType: dataset.text("source_type") ?? "", source: dataset.text("source") ?? "",
          schema: dataset.text("schema"), profile: dataset.text("profile"), tags: meta.pairs("tags")))
    }
    for name in try FolderFile.folders("\(run)/outputs") {
      let meta = try FolderFile.yaml("\(run)/outputs/\(name)/meta.yaml")
      found.outputs.append(ImportedModelLink(model: meta.text("source_id") ?? name, step: meta.whole("step") ?? 0))
    }
    return found
  }

  package func forEachSeries(of runs: [ImportedRun], _ body: ([ImportedSeries]) async throws -> Void) async throws {
    for run in runs {
      guard let folder = try experimentFolder(run.experiment) else { continue }
      let metrics = "\(folder)/\(run.id)/metrics"
      for key in try FolderFile.files(metrics) {
        try await MetricFile(path: "\(metrics)/\(key)", run: run.id, key: key).forEachPage(body)
      }
    }
  }

  package func forEachLoggedModels(of experiment: String, _ body: ([ImportedLoggedModel]) async throws -> Void)
    async throws
  {
    guard let folder = try experimentFolder(experiment) else { return }
    for id in try FolderFile.folders("\(folder)/models") {
      let path = "\(folder)/models/\(id)"
      guard FolderFile.exists("\(path)/meta.yaml") else { continue }
      try await body([try loggedModel(at: path, experiment)])
    }
  }

  private func loggedModel(at path: String, _ experiment: String) throws -> ImportedLoggedModel {
    let meta = try FolderFile.yaml("\(path)/meta.yaml")
    let statuses: [Int64: String] = [1: "PENDING", 2: "READY", 3: "UPLOAD_FAILED"]
    let written = meta.text("status") ?? ""
    var metrics: [ImportedMeasurement] = []
    for key in try FolderFile.files("\(path)/metrics") {
      for line in try FolderFile.text("\(path)/metrics/\(key)").split(separator: "\n") {
        metrics.append(try ImportedMeasurement(line: String(line), key: key))
      }
    }
    return ImportedLoggedModel(
      id: meta.text("model_id") ?? "", experiment: experiment, name: meta.text("name") ?? "",
      modelType: meta.text("model_type").nonEmpty, sourceRun: meta.text("source_run_id").nonEmpty,
      status: meta.whole("status").flatMap { statuses[$0] } ?? (written.isEmpty ? "PENDING" : written),
      lifecycle: meta.text("lifecycle_stage") == "deleted" ? .deleted : .active,
      creationTime: meta.whole("creation_timestamp") ?? 0, lastUpdateTime: meta.whole("last_updated_timestamp") ?? 0,
      artifactPlace: artifacts(meta.text("artifact_location"), "\(path)/artifacts"),
      params: try FolderFile.pairs("\(path)/params"), tags: try FolderFile.pairs("\(path)/tags"), metrics: metrics)
  }

  // MARK: - Artifacts

  package func artifacts(of owner: ArtifactOwner, uri: String?) async throws -> ForeignArtifacts {
    guard let uri, !uri.isEmpty else { return .files([]) }
    guard let path = ArtifactAddress.localPath(uri) else { return .elsewhere }
    return .files(try LocalFolder.files(path))
  }

  // MARK: - Folders

  private func experimentFolders() throws -> [(name: String, path: String, isDeleted: Bool)] {
    func found(_ folder: String, isDeleted: Bool) throws -> [(name: String, path: String, isDeleted: Bool)] {
      try FolderFile.folders(folder).filter { $0 != "models" && $0 != ".trash" }
        .map { ($0, "\(folder)/\($0)", isDeleted) }.filter { FolderFile.exists("\($0.1)/meta.yaml") }
    }
    return try found(root, isDeleted: false) + found("\(root)/.trash", isDeleted: true)
  }

  private func experimentFolder(_ id: String) throws -> String? {
    let folders = [root, "\(root)/.trash"].map { "\($0)/\(id)" }
    return folders.first { FolderFile.exists("\($0)/meta.yaml") }
  }
}
