import Foundation
package import MartletArtifacts
package import MartletCore
package import MartletJobs
import MartletLedger
package import MartletStore
import Synchronization

/// All datasets: what they are, their versions, what is held back, and the rows that arrived since.
package struct DataCatalog: Sendable {
  package let database: any Database
  package let artifacts: ArtifactStore
  package let jobs: JobRunner
  let clock: WallClock
  /// Where deliveries are worked on before they are committed.
  let work: String
  let statistics = StatisticsCache()

  package init(
    database: any Database, artifacts: ArtifactStore, jobs: JobRunner, clock: WallClock = .system,
    work: String = NSTemporaryDirectory()
  ) {
    self.database = database
    self.artifacts = artifacts
    self.jobs = jobs
    self.clock = clock
    self.work = work
  }

  /// Makes the dataset, or gives it a new definition; the data that is there stays. Nothing happens when it is the same.
  @discardableResult
  package func define(_ key: DatasetKey, _ definition: DatasetDefinition, by author: Author, at eventTime: Timestamp)
    async throws -> DatasetRecord
  {
    let declared = try definition.schema.declared()
    let now = clock.now
    return try await database.write { connection in
      var record =
        try DatasetStore.find(key, connection)
        ?? DatasetRecord(key: key, definition: definition, createdAt: now, updatedAt: now)
      let before = record.createdAt == now && record.head == nil ? nil : record.definition
      if before == definition { return record }
      if let before, record.head != nil, before.partition != definition.partition {
        throw MartletError(
          .conflict, "the dataset \(key) already has data, divided by another rule",
          cause: "its partition rule changed",
          fix: "keep the rule, or define a dataset with a new name and deliver the data again")
      }
      record.definition = definition
      record.contract = record.contract?.overlaid(with: declared)
      record.updatedAt = now
      try DatasetStore.save(record, by: author, connection)
      try Ledger.append(
        LedgerEntry(
          action: "dataset.defined", object: key.ledgerObject, before: try before.map { try JSON(snakeCase: $0) },
          after: try JSON(snakeCase: definition), reason: nil),
        by: author, at: eventTime, in: connection)
      return record
    }
  }

  /// All datasets of a project, or of all projects.
  package func datasets(of project: ProjectName? = nil) async throws -> [DatasetRecord] {
    try await database.read { try DatasetStore.all(project: project, $0) }
  }

  /// One dataset; an unknown name is 'not found' with a suggestion.
  package func dataset(_ key: DatasetKey) async throws -> DatasetRecord {
    try await database.read { try DatasetStore.get(key, $0) }
  }
}

/// Statistics of immutable files, read once: judging a day needs those of all days before.
final class StatisticsCache: Sendable {
  private let known = Mutex<[Digest: PartitionStatistics]>([:])

  subscript(digest: Digest) -> PartitionStatistics? { known.withLock { $0[digest] } }

  func keep(_ statistics: PartitionStatistics, of digest: Digest) {
    known.withLock { cache in
      if cache.count > 20_000 { cache.removeAll(keepingCapacity: true) }
      cache[digest] = statistics
    }
  }
}
