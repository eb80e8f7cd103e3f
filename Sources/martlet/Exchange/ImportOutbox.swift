import MartletCore
import MartletExchange
import MartletLifecycle
import MartletRegistry
import MartletTracking

/// Gathers records until a request is worth sending: some thousands of them, or some MiB. Used by one task.
final class ImportOutbox {
  private let target: ImportTarget
  private var batch = ImportBatch()
  /// Roughly, in bytes.
  private var weight = 0
  private static let heaviest = 4 << 20

  init(target: ImportTarget) { self.target = target }

  func add(_ experiment: ImportedExperiment) async throws {
    batch.experiments = (batch.experiments ?? []) + [experiment]
    try await grow(by: Self.weight(experiment.tags))
  }

  func add(_ run: ImportedRun) async throws {
    batch.runs = (batch.runs ?? []) + [run]
    let datasets = run.datasets.reduce(0) {
      $0 + $1.source.utf8.count + ($1.schema?.utf8.count ?? 0) + ($1.profile?.utf8.count ?? 0)
    }
    try await grow(by: Self.weight(run.params) + Self.weight(run.tags) + datasets)
  }

  func add(_ points: ImportedPoints) async throws {
    guard !points.points.isEmpty else { return }
    batch.points = (batch.points ?? []) + [points]
    try await grow(by: points.points.count * 120)
  }

  func add(_ model: ImportedLoggedModel) async throws {
    batch.loggedModels = (batch.loggedModels ?? []) + [model]
    try await grow(by: Self.weight(model.params) + Self.weight(model.tags) + model.metrics.count * 200)
  }

  func add(file path: String, of owner: ArtifactOwner, _ blob: FileDigests.Blob) async throws {
    var file = ImportBatch.File(path: path, digest: blob.digest, size: blob.size)
    switch owner {
    case .run(let id): file.run = id
    case .loggedModel(let id): file.loggedModel = id
    }
    batch.files = (batch.files ?? []) + [file]
    try await grow(by: 0)
  }

  func add(_ model: ImportedModel) async throws {
    batch.models = (batch.models ?? []) + [model]
    batch.done = (batch.done ?? []) + [.init(kind: "model", item: model.name)]
    let tags = model.versions.reduce(0) { $0 + $1.tags.reduce(0) { $0 + $1.value.utf8.count + 100 } }
    try await grow(by: tags + model.versions.count * 500)
  }

  /// Everything of it has been added.
  func done(_ kind: String, _ item: String) async throws {
    batch.done = (batch.done ?? []) + [.init(kind: kind, item: item)]
    try await grow(by: 0)
  }

  func flush() async throws {
    guard weight > 0 else { return }
    try await target.send(batch)
    (batch, weight) = (ImportBatch(), 0)
  }

  private func grow(by bytes: Int) async throws {
    weight += bytes + 300
    if weight >= Self.heaviest { try await flush() }
  }

  private static func weight(_ pairs: [KeyValue]) -> Int {
    pairs.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 40 }
  }
}
