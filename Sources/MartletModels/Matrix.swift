import MartletCore

/// Numbers in rows and columns, row after row; a missing value is NaN.
package struct Matrix: Sendable, Hashable {
  package let rows: Int
  package let columns: Int
  /// `rows × columns` values.
  package var values: [Double]

  package init(rows: Int, columns: Int, values: [Double]) throws {
    guard values.count == rows * columns else {
      throw MartletError(.internalError, "a matrix of \(rows) × \(columns) got \(values.count) values")
    }
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  package subscript(row: Int, column: Int) -> Double { values[row * columns + column] }
}
