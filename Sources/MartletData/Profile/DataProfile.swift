/// What a dataset version looks like, column by column.
package struct DataProfile: Sendable, Hashable, Codable {
  package struct Bin: Sendable, Hashable, Codable {
    package var from: Double
    package var to: Double
    package var count: Int64
  }

  package struct Value: Sendable, Hashable, Codable {
    package var value: String
    package var count: Int64
  }

  package struct Column: Sendable, Hashable, Codable {
    package var name: String
    package var type: ColumnType
    package var nulls: Int64
    /// Approximate.
    package var distinct: Int64
    package var mean: Double?
    package var stddev: Double?
    /// Minimum, quartiles and maximum of numbers (approximate quartiles).
    package var quantiles: [Double]?
    /// Values beyond 1.5 interquartile ranges from the quartiles.
    package var outliers: Int64?
    package var histogram: [Bin]?
    /// The most frequent values of texts, booleans and small sets of numbers.
    package var top: [Value]?
    package var min: String?
    package var max: String?
  }

  package var rows: Int64
  package var columns: [Column]
}
