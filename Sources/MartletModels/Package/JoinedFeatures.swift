import MartletCore

/// What one feature view gives to a model: joined by key in training and when serving.
package struct JoinedFeatures: Codable, Sendable, Hashable {
  package struct Column: Codable, Sendable, Hashable {
    package var name: String
    package var type: FieldType

    package init(_ name: String, _ type: FieldType) {
      self.name = name
      self.type = type
    }
  }

  package var view: String
  /// Request columns that make the key.
  package var entity: [String]
  package var columns: [Column]
  /// Older values count as missing; nil: never too old.
  package var ttlMilliseconds: Int64?

  package init(view: String, entity: [String], columns: [Column], ttlMilliseconds: Int64? = nil) {
    self.view = view
    self.entity = entity
    self.columns = columns
    self.ttlMilliseconds = ttlMilliseconds
  }
}
