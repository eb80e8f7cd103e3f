import MartletStore

/// A query about many rows by their keys, written for each database.
///
/// PostgreSQL gets the keys as one array. SQLite gets a few hundred at a time, in lists of one of four lengths (the last
/// key is repeated), so that few statements are prepared.
struct KeyedQuery: Sendable {
  private static let lengths = [1, 10, 100, 500]

  /// One for each length.
  private let lists: [String]
  private let array: String

  /// - Parameter sql: with one `IN (@)`, which stands for the keys.
  init(_ sql: String) {
    lists = Self.lengths.map { length in
      sql.replacing("@", with: Array(repeating: "?", count: length).joined(separator: ", "))
    }
    array = sql.replacing("IN (@)", with: "= ANY(?::bigint[])")
  }

  func forEachRow(of keys: [Int64], in connection: any SQLConnection, _ body: (SQLRow) throws -> Void) throws {
    guard connection.dialect == .sqlite else {
      let keys = keys.map(String.init).joined(separator: ",")
      return try connection.forEachRow(array, [.text("{\(keys)}")]) { row in
        try body(row)
        return true
      }
    }
    var rest = keys[...]
    while let last = rest.last {
      let choice = Self.lengths.firstIndex { $0 >= rest.count } ?? Self.lengths.count - 1
      let length = Self.lengths[choice]
      var arguments = rest.prefix(length).map(SQLValue.integer)
      arguments.append(contentsOf: repeatElement(.integer(last), count: length - arguments.count))
      rest = rest.dropFirst(length)
      try connection.forEachRow(lists[choice], arguments) { row in
        try body(row)
        return true
      }
    }
  }
}
