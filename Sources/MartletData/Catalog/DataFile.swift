package import MartletCore

/// One immutable file of a dataset, readable on this machine.
package struct DataFile: Sendable, Hashable, Codable {
  package enum Format: String, Sendable, Hashable, Codable {
    case parquet
    /// Rows of the live tail: CSV with a header, the contract's columns in their order.
    case csv
  }

  package var partition: String
  package var digest: Digest
  package var path: String
  package var rows: Int64
  package var bytes: Int64
  package var format: Format
  /// Bounds of the dataset's time column, where they are known.
  package var firstTime: Timestamp?
  package var lastTime: Timestamp?
}

/// What a dataset consisted of at one moment, readable by a job: the files of a version, and the rows pushed since.
///
/// Both are content-addressed, so the same snapshot gives the same rows at any later time.
package struct DatasetSnapshot: Sendable, Hashable, Codable {
  package var dataset: DatasetKey
  /// Nil when nothing was committed yet.
  package var version: DataVersionID?
  package var schema: DataSchema
  package var key: [String]
  package var time: String?
  package var files: [DataFile]
  /// Rows of the live tail, oldest push first.
  package var tail: [DataFile]

  /// A short text that is equal for equal content: the version, and the tail's digests.
  package var fingerprint: String {
    ([version?.text ?? "empty"] + tail.map(\.digest.hex)).joined(separator: "+")
  }
}
