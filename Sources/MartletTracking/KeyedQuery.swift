import MartletStore

/// A query about many rows by their keys, a few hundred at a time.
///
/// The lists have one of four lengths (the last key is repeated), so that few statements are prepared.
struct KeyedQuery: Sendable {
  private static let lengths = [1, 10, 100, 500]

  /// One for each length.
  private let texts: [String]

  /// - Parameter sql: with one `IN (@)`, which stands for the keys.
  init(_ sql: String) {
    texts = Self.lengths.map { length in
      sql.replacing("@", with: Array(repeating: "?", count: length).joined(separator: ", "))
    }
  }

  func forEachRow(of keys: [Int64], in connection: any SQLConnection, _ body: (SQLRow) throws -> Void) throws {
    var rest = keys[...]
    while let last = rest.last {
      let choice = Self.lengths.firstIndex { $0 >= rest.count } ?? Self.lengths.count - 1
      let length = Self.lengths[choice]
      var arguments = rest.prefix(length).map(SQLValue.integer)
      arguments.append(contentsOf: repeatElement(.integer(last), count: length - arguments.count))
      rest = rest.dropFirst(length)
      try connection.forEachRow(texts[choice], arguments) { row in
        try body(row)
        return true
      }
    }
  }
}
