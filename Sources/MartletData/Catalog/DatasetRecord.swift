package import MartletCore

/// A dataset as the catalog knows it.
package struct DatasetRecord: Sendable, Hashable, Codable {
  package var key: DatasetKey
  package var definition: DatasetDefinition
  /// What deliveries are held to; nil before the first.
  package var contract: DataSchema?
  /// The number of the newest version; nil before the first.
  package var head: Int?
  /// The last partition of the first delivery, up to which control limits are learned.
  package var baseline: String?
  package var createdAt: Timestamp
  package var updatedAt: Timestamp
}

/// One commit of a dataset: which immutable files it is made of.
package struct DataVersion: Sendable, Hashable, Codable {
  package var dataset: DatasetKey
  /// SHA-256 of the canonical manifest.
  package var id: DataVersionID
  /// Counted from 1 in each dataset.
  package var number: Int
  package var parent: DataVersionID?
  package var eventTime: Timestamp
  package var createdAt: Timestamp
  package var author: String
  package var rows: Int64
  package var bytes: Int64
  package var partitions: Int
  package var changes: VersionChanges
}

/// What one version did to its parent.
package struct VersionChanges: Sendable, Hashable, Codable {
  package var added: [String]
  package var replaced: [String]

  package init(added: [String] = [], replaced: [String] = []) {
    self.added = added
    self.replaced = replaced
  }
}

/// The content of a version, stored in the artifact store under its own digest: equal content, equal id.
package struct Manifest: Sendable, Hashable, Codable {
  package struct File: Sendable, Hashable, Codable {
    package var partition: String
    package var digest: Digest
    package var rows: Int64
    package var bytes: Int64
  }

  package var dataset: DatasetKey
  package var parent: DataVersionID?
  package var eventTime: Timestamp
  package var schema: DataSchema
  /// In the order of partitions.
  package var files: [File]
}

/// One delivery of one partition, committed or not.
package struct Delivery: Sendable, Hashable, Codable {
  package enum Status: String, Sendable, Hashable, Codable {
    /// Part of the newest version.
    case committed
    /// Was part of a version; a later delivery took its place.
    case superseded
    /// Kept apart: a check with the severity `error` failed.
    case quarantined
    /// Was quarantined; a repaired delivery, or a person's decision, settled it.
    case resolved
  }

  package var id: Int64
  package var partition: String
  package var status: Status
  /// The Parquet file.
  package var digest: Digest
  package var rows: Int64
  package var bytes: Int64
  /// Bounds of the dataset's time column.
  package var firstTime: Timestamp?
  package var lastTime: Timestamp?
  /// The file as it was uploaded.
  package var source: Digest
  package var sourceName: String
  package var eventTime: Timestamp
  package var deliveredAt: Timestamp
  package var author: String
  /// The version that it came into.
  package var version: Int?
  package var statistics: PartitionStatistics
  package var findings: [Finding]
}
