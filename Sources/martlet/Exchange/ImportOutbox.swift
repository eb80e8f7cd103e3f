import MartletCore
import MartletExchange
import MartletLifecycle
import MartletRegistry
import MartletTracking

/// Gathers records until a request is worth sending, about 2 MiB; while one is under way, the next is gathered, and no
/// more than that. Used by one task.
final class ImportOutbox {
  private let target: ImportTarget
  private var batch = ImportBatch()
  /// Roughly, in bytes.
  private var weight = 0
  private var underWay: Task<Void, any Error>?
  private static let heaviest = 2 << 20

  init(target: ImportTarget) { self.target = target }

  func add(_ experiment: ImportedExperiment) async throws {
    batch.experiments.append(experiment)
    try await grow(by: Self.weight(experiment.tags))
  }

  func add(_ run: ImportedRun) async throws {
    batch.runs.append(run)
    let datasets = run.datasets.reduce(0) {
      $0 + $1.source.utf8.count + ($1.schema?.utf8.count ?? 0) + ($1.profile?.utf8.count ?? 0)
    }
    try await grow(by: Self.weight(run.params) + Self.weight(run.tags) + datasets)
  }

  func add(_ series: ImportedSeries) async throws {
    guard series.count > 0 else { return }
    batch.series.append(series)
    try await grow(by: series.count * 40)
  }

  func add(_ model: ImportedLoggedModel) async throws {
    batch.loggedModels.append(model)
    try await grow(by: Self.weight(model.params) + Self.weight(model.tags) + model.metrics.count * 200)
  }

  func add(file path: String, of owner: ArtifactOwner, _ blob: FileDigests.Blob) async throws {
    var file = ImportBatch.File(path: path, digest: blob.digest, size: blob.size)
    switch owner {
    case .run(let id): file.run = id
    case .loggedModel(let id): file.loggedModel = id
    }
    batch.files.append(file)
    try await grow(by: 0)
  }

  func add(_ model: ImportedModel) async throws {
    batch.models.append(model)
    batch.done.append(.init(kind: "model", item: model.name))
    let tags = model.versions.reduce(0) { $0 + $1.tags.reduce(0) { $0 + $1.value.utf8.count + 100 } }
    try await grow(by: tags + model.versions.count * 500)
  }

  /// Everything of it has been added.
  func done(_ kind: String, _ item: String) async throws {
    batch.done.append(.init(kind: kind, item: item))
    try await grow(by: 0)
  }

  /// Sends what is left, and returns when all of it has arrived.
  func flush() async throws {
    try await sendBatch()
    try await underWay?.value
  }

  private func sendBatch() async throws {
    guard weight > 0 else { return }
    try await underWay?.value
    let (target, full) = (target, batch)
    underWay = Task { try await target.send(full) }
    (batch, weight) = (ImportBatch(), 0)
  }

  private func grow(by bytes: Int) async throws {
    weight += bytes + 300
    if weight >= Self.heaviest { try await sendBatch() }
  }

  private static func weight(_ pairs: [KeyValue]) -> Int {
    pairs.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 40 }
  }
}
