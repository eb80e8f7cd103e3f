package import MartletCore
import MartletStore

/// A version in full: its schema and, for each partition, its file, its statistics and where it came from.
package struct VersionDetail: Sendable, Hashable, Codable {
  package struct Partition: Sendable, Hashable, Codable {
    package var partition: String
    package var digest: Digest
    package var rows: Int64
    package var bytes: Int64
    /// The upload it was made from.
    package var source: Digest?
    package var sourceName: String?
    package var statistics: PartitionStatistics?
    package var findings: [Finding]
  }

  package var version: DataVersion
  package var schema: DataSchema
  package var partitions: [Partition]
}

/// What changed between two versions.
package struct VersionDifference: Sendable, Hashable, Codable {
  package struct Change: Sendable, Hashable, Codable {
    package var partition: String
    package var rowsBefore: Int64?
    package var rowsAfter: Int64?
  }

  package struct SchemaChange: Sendable, Hashable, Codable {
    package var column: String
    package var before: SchemaColumn?
    package var after: SchemaColumn?
  }

  package var from: DataVersionID
  package var to: DataVersionID
  package var added: [Change]
  package var removed: [Change]
  package var replaced: [Change]
  package var unchanged: Int
  package var schema: [SchemaChange]
}

extension DataCatalog {
  /// A version with the statistics and sources of its partitions.
  package func detail(_ version: DataVersion) async throws -> VersionDetail {
    let manifest = try await manifest(version)
    let key = version.dataset
    let deliveries = try await database.read { connection in
      try DeliveryStore.list(key, .committed, connection) + DeliveryStore.list(key, .superseded, connection)
    }
    let known = Dictionary(deliveries.map { ("\($0.partition)/\($0.digest.hex)", $0) }) { first, _ in first }
    return VersionDetail(
      version: version, schema: manifest.schema,
      partitions: manifest.files.map { file in
        let delivery = known["\(file.partition)/\(file.digest.hex)"]
        return VersionDetail.Partition(
          partition: file.partition, digest: file.digest, rows: file.rows, bytes: file.bytes, source: delivery?.source,
          sourceName: delivery?.sourceName, statistics: delivery?.statistics, findings: delivery?.findings ?? [])
      })
  }

  /// Partitions and columns that differ between two versions of a dataset.
  package func difference(from: DataVersion, to: DataVersion) async throws -> VersionDifference {
    let (before, after) = (try await manifest(from), try await manifest(to))
    let old = Dictionary(before.files.map { ($0.partition, $0) }) { $1 }
    let new = Dictionary(after.files.map { ($0.partition, $0) }) { $1 }
    let change = { (partition: String) in
      VersionDifference.Change(
        partition: partition, rowsBefore: old[partition]?.rows, rowsAfter: new[partition]?.rows)
    }
    let both = new.keys.filter { old[$0] != nil }
    let replaced = both.filter { old[$0]?.digest != new[$0]?.digest }
    let columns = Set(before.schema.names + after.schema.names).sorted()
    return VersionDifference(
      from: from.id, to: to.id, added: new.keys.filter { old[$0] == nil }.sorted().map(change),
      removed: old.keys.filter { new[$0] == nil }.sorted().map(change), replaced: replaced.sorted().map(change),
      unchanged: both.count - replaced.count,
      schema: columns.filter { before.schema[$0] != after.schema[$0] }.map {
        VersionDifference.SchemaChange(column: $0, before: before.schema[$0], after: after.schema[$0])
      })
  }
}
