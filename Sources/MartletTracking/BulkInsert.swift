import MartletCore
import MartletStore

/// An insertion of many rows into one table, written for each database.
///
/// SQLite takes up to a hundred rows in a statement; PostgreSQL takes some thousands, as arrays, since a round trip each
/// would cost more than the rows themselves.
struct BulkInsert: Sendable {
  /// What a statement's text takes in memory is kept by each thread that writes.
  private static let rowsInArrays = 5000

  private let columnCount: Int
  private let arrays: String
  /// For a hundred rows.
  private let hundred: String
  /// For one to ten rows: rests are cut to these, so that few statements are prepared.
  private let few: [String]

  /// - Parameter conflict: what follows ON CONFLICT. An update allows no two rows with the same key.
  init(into table: String, _ columns: [TypedColumn], onConflict conflict: String) {
    let names = columns.map(\.name).joined(separator: ", ")
    let insert = "INSERT INTO \(table) (\(names))"
    let row = "(\(Array(repeating: "?", count: columns.count).joined(separator: ", ")))"
    func list(_ count: Int) -> String {
      let rows = Array(repeating: row, count: count).joined(separator: ", ")
      return "\(insert) VALUES \(rows) ON CONFLICT \(conflict)"
    }
    hundred = list(100)
    few = (1...10).map(list)
    let places = columns.map { "?::\($0.type)[]" }.joined(separator: ", ")
    arrays = "\(insert) SELECT * FROM unnest(\(places)) ON CONFLICT \(conflict)"
    columnCount = columns.count
  }

  /// Inserts `count` rows; returns how many were new or changed.
  ///
  /// - Parameter value: the value of a row, by its number, for a column, by its place.
  @discardableResult
  func run(_ count: Int, in connection: any SQLConnection, _ value: (_ row: Int, _ column: Int) -> SQLValue) throws
    -> Int
  {
    guard count > 0 else { return 0 }
    guard connection.dialect == .postgresql else { return try runLists(count, in: connection, value) }
    return try runArrays(count, in: connection, value)
  }

  private func runArrays(_ count: Int, in connection: any SQLConnection, _ value: (Int, Int) -> SQLValue) throws -> Int
  {
    var inserted = 0
    for first in stride(from: 0, to: count, by: Self.rowsInArrays) {
      let length = min(Self.rowsInArrays, count - first)
      inserted += try connection.execute(
        arrays, (0..<columnCount).map { column in .text(Self.arrayLiteral(length) { value(first + $0, column) }) })
    }
    return inserted
  }

  private func runLists(_ count: Int, in connection: any SQLConnection, _ value: (Int, Int) -> SQLValue) throws -> Int {
    var (inserted, next) = (0, 0)
    var arguments: [SQLValue] = []
    arguments.reserveCapacity(min(count, 100) * columnCount)
    while next < count {
      let rest = count - next
      let length = rest >= 100 ? 100 : min(rest, 10)
      arguments.removeAll(keepingCapacity: true)
      for row in next..<next + length {
        for column in 0..<columnCount { arguments.append(value(row, column)) }
      }
      inserted += try connection.execute(length == 100 ? hundred : few[length - 1], arguments)
      next += length
    }
    return inserted
  }

  /// `{1,2,NULL,"a \"b\""}`: PostgreSQL's text form of an array.
  private static func arrayLiteral(_ count: Int, _ element: (Int) -> SQLValue) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "{")]
    for index in 0..<count {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      switch element(index) {
      case .null, .blob: bytes.append(contentsOf: "NULL".utf8)
      case .integer(let number): bytes.append(contentsOf: String(number).utf8)
      case .real(let number):
        bytes.append(
          contentsOf: (number.isFinite ? number.description : number > 0 ? "Infinity" : "-Infinity").utf8)
      case .text(let text):
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
          if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
          bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
      }
    }
    bytes.append(UInt8(ascii: "}"))
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A column and its PostgreSQL type.
struct TypedColumn: Sendable {
  var name: String
  var type: String

  init(_ name: String, _ type: String) {
    self.name = name
    self.type = type
  }
}
