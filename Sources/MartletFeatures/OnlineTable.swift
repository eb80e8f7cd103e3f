package import MartletCore

/// The values of one entity from one time on.
package struct OnlineRow: Sendable, Hashable, Codable {
  /// The values of the view's entity columns, in their order.
  package var entity: [JSON]
  /// When the values became known; nil in a static view.
  package var timestamp: Timestamp?
  /// In the order of the table's columns.
  package var values: [JSON]
}

/// A view's rows for serving: what features are looked up in.
package struct OnlineTable: Sendable, Hashable, Codable {
  package var project: ProjectName
  package var view: String
  package var version: Digest
  package var entity: [String]
  /// The names of the values.
  package var columns: [String]
  /// Values older than this, at the time of the prediction, are missing.
  package var ttl: WrittenDuration?
  package var rows: [OnlineRow]
  /// The latest row of every entity, or those that became known since the last refresh, earlier ones of an entity
  /// included.
  package var isComplete: Bool
}

/// How current a view's online table is.
package struct ViewFreshness: Sendable, Hashable, Codable {
  package var view: String
  package var rows: Int
  /// The newest value's time; nil for static views and empty tables.
  package var latest: Timestamp?
  package var refreshedTo: Timestamp?
  package var ttl: WrittenDuration?
}
