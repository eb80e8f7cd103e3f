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

  package func count(_ progress: (String) -> Void) async throws -> TransferTally {
    var total = TransferTally()
    let all = try await source.experiments()
    for experiment in try await experiments(all) { total.add(experiment) }
    for experiment in all {
      progress("comparing \(experiment.name)")
      total.add(try await count(experiment))
    }
    for name in try await models(try await source.modelNames()) { total.add(try await source.model(name)) }
    return total
  }

  private func count(_ experiment: ImportedExperiment) async throws -> TransferTally {
    var total = TransferTally()
    try await source.forEachRuns(of: experiment.id) { runs in
      for run in runs {
        total.add(run)
        try await source.forEachPoints(of: run) { points in
          for point in points { total.add(point, of: run.id) }
        }
        try await countFiles(of: .run(run.id), run.artifactPlace, in: &total)
      }
    }
    try await source.forEachLoggedModels(of: experiment.id) { models in
      for model in models {
        total.add(model)
        try await countFiles(of: .loggedModel(model.id), model.artifactPlace, in: &total)
      }
    }
    return total
  }

  private func countFiles(of owner: ArtifactOwner, _ uri: String?, in total: inout TransferTally) async throws {
    guard case .files(let files) = try await source.artifacts(of: owner, uri: uri) else { return }
    for file in files {
      let blob = try await digests.blob(of: file, owner, at: source)
      total.add(artifact: file.path, of: owner.text, size: blob.size, digest: blob.digest.hex)
    }
  }
}
