package import MartletCore
import MartletRegistry
package import MartletTracking

/// Counts everything at a source, read anew from beginning to end.
package struct SourceTally: Sendable {
  let source: any MLflowSource
  let digests: FileDigests
  /// Experiments and models that are counted themselves; what belongs to an experiment always is.
  let experiments: @Sendable ([ImportedExperiment]) async throws -> [ImportedExperiment]
  let models: @Sendable ([String]) async throws -> [String]

  package init(
    source: any MLflowSource, digests: FileDigests,
    experiments: @escaping @Sendable ([ImportedExperiment]) async throws -> [ImportedExperiment] = { $0 },
    models: @escaping @Sendable ([String]) async throws -> [String] = { $0 }
  ) {
    self.source = source
    self.digests = digests
    self.experiments = experiments
    self.models = models
  }

  /// - Parameter counted: told of runs and points as they pass.
  package func count(_ counted: (_ runs: Int, _ points: Int) -> Void) async throws -> TransferTally {
    var total = TransferTally()
    let all = try await source.experiments()
    for experiment in try await experiments(all) { total.add(experiment) }
    for experiment in all { try await count(experiment, in: &total, counted) }
    for name in try await models(try await source.modelNames()) { total.add(try await source.model(name)) }
    return total
  }

  private func count(
    _ experiment: ImportedExperiment, in total: inout TransferTally, _ counted: (Int, Int) -> Void
  ) async throws {
    try await source.forEachRuns(of: experiment.id) { runs in
      for run in runs { total.add(run) }
      counted(runs.count, 0)
      try await source.forEachSeries(of: runs) { series in
        for part in series { total.add(part) }
        counted(0, series.reduce(0) { $0 + $1.count })
      }
      for run in runs { try await countFiles(of: .run(run.id), run.artifactPlace, in: &total) }
    }
    try await source.forEachLoggedModels(of: experiment.id) { models in
      for model in models {
        total.add(model)
        try await countFiles(of: .loggedModel(model.id), model.artifactPlace, in: &total)
      }
    }
  }

  private func countFiles(of owner: ArtifactOwner, _ uri: String?, in total: inout TransferTally) async throws {
    guard case .files(let files) = try await source.artifacts(of: owner, uri: uri) else { return }
    for file in files {
      let blob = try await digests.blob(of: file, owner, at: source)
      total.add(artifact: file.path, of: owner.text, size: blob.size, digest: blob.digest.hex)
    }
  }
}
