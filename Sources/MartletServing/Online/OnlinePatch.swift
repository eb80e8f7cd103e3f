package import MartletCore

/// Changed rows of one online table, as the control plane sends them.
package struct OnlinePatch: Sendable, Hashable, Codable {
  /// One entity's values.
  package struct Row: Sendable, Hashable, Codable {
    /// The values of the entity columns, as text.
    package var key: [String]
    /// Milliseconds since 1970: from when the values hold; nil for features that do not age.
    package var at: Int64?
    /// In the order of the table's columns: numbers, booleans, text, or null; times in milliseconds.
    package var values: [JSON]

    package init(key: [String], at: Int64?, values: [JSON]) {
      self.key = key
      self.at = at
      self.values = values
    }
  }

  /// The table. One that is not known yet is made, so that rows may be sent ahead of the configuration that joins
  /// them.
  package var table: OnlineTableDefinition
  /// The sequence number the table must have for the change to make sense; nil replaces the whole table.
  package var after: Int64?
  /// The table's sequence number when the change is applied.
  package var sequence: Int64
  package var rows: [Row]

  package init(table: OnlineTableDefinition, after: Int64?, sequence: Int64, rows: [Row]) {
    self.table = table
    self.after = after
    self.sequence = sequence
    self.rows = rows
  }
}
