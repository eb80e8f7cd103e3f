import Foundation
import MartletArtifacts
import MartletCore
import MartletData
package import MartletJobs
import MartletStore

extension FeatureCatalog {
  /// Joins features to a base table as they were known at each row's moment, and stores the result.
  package func trainingSet(
    _ request: TrainingSetRequest, limits: JobLimits = .standard,
    onProgress: @escaping @Sendable (JobProgress) -> Void = { _ in }
  ) async throws -> TrainingSet {
    var views: [FeatureView] = []
    for name in request.features { views.append(try await view(request.project, name)) }
    let snapshots = try await snapshots(of: views, versions: request.versions)
    let folder = "\(work)/join-\(UUID().uuidString.lowercased())"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let arguments = JoinArguments(
      base: try await data.artifacts.path(of: request.base), at: request.at,
      views: views.map { ViewQuery($0.definition) },
      versions: views.map(\.version.hex), datasets: snapshots, split: request.split, label: request.label,
      dropUnlabelled: request.dropUnlabelled, output: folder)
    let outcome = try await data.jobs.run(
      "features.join", arguments, limits: limits, returning: JoinOutcome.self, onProgress: onProgress)
    let train = try await data.artifacts.put(file: "\(folder)/train.parquet")
    let test = request.split == nil ? nil : try await data.artifacts.put(file: "\(folder)/test.parquet")
    return TrainingSet(
      columns: outcome.columns, train: train, test: test, trainRows: outcome.trainRows, testRows: outcome.testRows,
      cut: outcome.cut, baseRows: outcome.baseRows, unlabelled: outcome.unlabelled, views: outcome.views,
      inputs: Dictionary(snapshots.map { ($0.dataset.name.text, $0.fingerprint) }) { $1 })
  }

  private func snapshots(of views: [FeatureView], versions: [DatasetName: DataVersion]) async throws
    -> [DatasetSnapshot]
  {
    var keys: Set<DatasetKey> = []
    for view in views { keys.formUnion(try await inputs(of: view)) }
    var snapshots: [DatasetSnapshot] = []
    for key in keys.sorted(by: { $0.name < $1.name }) {
      if let version = versions[key.name] {
        snapshots.append(try await data.snapshot(of: version))
      } else {
        snapshots.append(try await data.snapshot(key))
      }
    }
    return snapshots
  }
}
