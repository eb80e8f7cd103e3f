/// Rows as columns: the shape in which data crosses engines, feature views, models and statistics.
///
/// All columns have `rowCount` values.
package struct Frame: Sendable, Hashable {
  package struct Column: Sendable, Hashable {
    package var name: String
    package var values: Values

    package init(_ name: String, _ values: Values) {
      self.name = name
      self.values = values
    }
  }

  /// One column's values; a missing number is NaN, any other missing value is nil.
  package enum Values: Sendable, Hashable {
    case double([Double])
    case integer([Int64?])
    case boolean([Bool?])
    case text([String?])
    /// Milliseconds since 1970 in UTC; dates are their midnight.
    case time([Int64?])

    package var count: Int {
      switch self {
      case .double(let values): values.count
      case .integer(let values): values.count
      case .boolean(let values): values.count
      case .text(let values): values.count
      case .time(let values): values.count
      }
    }
  }

  package private(set) var columns: [Column]
  package let rowCount: Int

  package init(_ columns: [Column]) throws {
    rowCount = columns.first?.values.count ?? 0
    self.columns = columns
    for column in columns where column.values.count != rowCount {
      throw MartletError(
        .internalError, "column '\(column.name)' has \(column.values.count) values, the frame has \(rowCount) rows")
    }
  }

  package var names: [String] { columns.map(\.name) }

  package subscript(name: String) -> Values? { columns.first { $0.name == name }?.values }

  package func column(_ name: String) throws -> Values {
    guard let values = self[name] else {
      throw MartletError.invalidInput(
        "there is no column '\(name)'\(didYouMean(name, among: names))",
        fix: "the columns are: \(names.prefix(30).joined(separator: ", "))")
    }
    return values
  }

  /// A column as floating-point numbers, one per row: booleans are 0 and 1, times are milliseconds, missing is NaN.
  package func numbers(_ name: String) throws -> [Double] {
    switch try column(name) {
    case .double(let values): return values
    case .integer(let values): return values.map { $0.map(Double.init) ?? .nan }
    case .boolean(let values): return values.map { $0.map { $0 ? 1 : 0 } ?? .nan }
    case .time(let values): return values.map { $0.map(Double.init) ?? .nan }
    case .text: throw MartletError.invalidInput("column '\(name)' holds text where numbers are needed")
    }
  }

  /// A column as text, one per row; numbers are written in their shortest form.
  package func texts(_ name: String) throws -> [String?] {
    switch try column(name) {
    case .text(let values): values
    case .double(let values): values.map { $0.isNaN ? nil : String($0) }
    case .integer(let values): values.map { $0.map(String.init) }
    case .boolean(let values): values.map { $0.map { $0 ? "true" : "false" } }
    case .time(let values): values.map { $0.map { Timestamp(milliseconds: $0).description } }
    }
  }
}

extension Frame {
  /// Some of the rows, in order.
  package func rows(_ range: Range<Int>) throws -> Frame { try rows(Array(range)) }

  /// The rows at these positions, in this order.
  package func rows(_ positions: [Int]) throws -> Frame {
    try Frame(
      columns.map { column in
        switch column.values {
        case .double(let values): Column(column.name, .double(positions.map { values[$0] }))
        case .integer(let values): Column(column.name, .integer(positions.map { values[$0] }))
        case .boolean(let values): Column(column.name, .boolean(positions.map { values[$0] }))
        case .text(let values): Column(column.name, .text(positions.map { values[$0] }))
        case .time(let values): Column(column.name, .time(positions.map { values[$0] }))
        }
      })
  }
}
