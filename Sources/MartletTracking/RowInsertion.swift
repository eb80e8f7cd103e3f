import MartletCore
import MartletStore

extension SQLConnection {
  /// Inserts many rows; returns how many were new. Rows that exist already are left as they are.
  ///
  /// SQLite takes up to a hundred rows in a statement; PostgreSQL takes them all, as arrays, since a round trip each
  /// would cost more than the rows themselves.
  func insertNew(_ table: String, _ columns: [TypedColumn], _ rows: [[SQLValue]]) throws -> Int {
    guard !rows.isEmpty else { return 0 }
    switch dialect {
    case .sqlite: return try insertLists(table, columns, rows)
    case .postgresql: return try insertArrays(table, columns, rows)
    }
  }

  /// Statements of three lengths, so that few are prepared.
  private func insertLists(_ table: String, _ columns: [TypedColumn], _ rows: [[SQLValue]]) throws -> Int {
    let names = columns.map(\.name).joined(separator: ", ")
    let row = "(\(Array(repeating: "?", count: columns.count).joined(separator: ", ")))"
    var inserted = 0
    var rest = rows[...]
    for length in [100, 10, 1] where rest.count >= length {
      let places = Array(repeating: row, count: length).joined(separator: ", ")
      let sql = "INSERT INTO \(table) (\(names)) VALUES \(places) ON CONFLICT DO NOTHING"
      while rest.count >= length {
        inserted += try execute(sql, rest.prefix(length).flatMap(\.self))
        rest = rest.dropFirst(length)
      }
    }
    return inserted
  }

  private func insertArrays(_ table: String, _ columns: [TypedColumn], _ rows: [[SQLValue]]) throws -> Int {
    let names = columns.map(\.name).joined(separator: ", ")
    let places = columns.map { "?::\($0.type)[]" }.joined(separator: ", ")
    let sql = "INSERT INTO \(table) (\(names)) SELECT * FROM unnest(\(places)) ON CONFLICT DO NOTHING"
    return try execute(sql, columns.indices.map { column in .text(Self.arrayLiteral(rows.lazy.map { $0[column] })) })
  }

  /// `{1,2,NULL,"a \"b\""}`: PostgreSQL's text form of an array.
  private static func arrayLiteral(_ values: some Sequence<SQLValue>) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "{")]
    for value in values {
      if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
      switch value {
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

  /// Runs `sql`, which ends in `IN (@)`, for all of `keys`, a few hundred at a time.
  ///
  /// The lists have one of four lengths (the last key is repeated), so that few statements are prepared.
  func forEachRow(_ sql: String, keys: [Int64], _ body: (SQLRow) throws -> Void) throws {
    var rest = keys[...]
    while !rest.isEmpty {
      let length = [1, 10, 100, 500].first { $0 >= rest.count } ?? 500
      let part = rest.prefix(length)
      rest = rest.dropFirst(length)
      let padded = Array(part) + Array(repeating: part[part.endIndex - 1], count: length - part.count)
      let places = Array(repeating: "?", count: length).joined(separator: ", ")
      try forEachRow(sql.replacing("@", with: places), padded.map(SQLValue.integer)) { row in
        try body(row)
        return true
      }
    }
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
