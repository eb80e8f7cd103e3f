import MartletCore

/// What one scan saw of one column of one partition.
package struct ColumnStatistics: Sendable, Hashable, Codable {
  package var name: String
  package var nulls: Int64
  /// Approximate above a few hundred values; exact for columns that are charted by it.
  package var distinct: Int64
  /// As text: numbers in decimal, times as ISO 8601.
  package var min: String?
  package var max: String?
  package var mean: Double?
  /// Sample standard deviation.
  package var stddev: Double?
}

/// What one scan saw of one partition.
package struct PartitionStatistics: Sendable, Hashable, Codable {
  package var rows: Int64
  package var columns: [ColumnStatistics]

  package init(rows: Int64, columns: [ColumnStatistics]) {
    self.rows = rows
    self.columns = columns
  }

  package subscript(name: String) -> ColumnStatistics? { columns.first { $0.name == name } }

  /// A control statistic's value and the number of rows behind it; nil where there is nothing to measure.
  package func value(of stat: ControlStat) -> (value: Double, count: Int64)? {
    guard stat.kind != .rows else { return (Double(rows), rows) }
    guard rows > 0, let column = stat.column.flatMap({ self[$0] }) else { return nil }
    let present = rows - column.nulls
    let value: Double? =
      switch stat.kind {
      case .rows: Double(rows)
      case .nullRate: Double(column.nulls) / Double(rows)
      case .mean: column.mean
      case .stddev: column.stddev
      case .distinct: Double(column.distinct)
      case .sum: column.mean.map { $0 * Double(present) }
      case .min: column.min.flatMap(Double.init)
      case .max: column.max.flatMap(Double.init)
      }
    return value.map { ($0, stat.kind == .nullRate ? rows : present) }
  }
}
