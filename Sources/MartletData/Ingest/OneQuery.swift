import MartletCore
package import MartletEngines

/// SQL that people write where one query is wanted.
package enum OneQuery {
  /// The text without a closing semicolon and comments after it, safe to stand in parentheses.
  ///
  /// DuckDB's own parser decides: anything that is not exactly one query is refused, so that an expectation or a
  /// feature can ask for nothing but reading.
  /// - Parameter place: where it was written, for the message.
  package static func text(of sql: String, in place: String, _ database: DuckDB) throws -> String {
    try check(sql, place, database)
    guard let text = SQLText.statements(in: sql).first else {
      throw MartletError.invalidInput("the SQL of \(place) is empty", fix: "write one query")
    }
    try check(text, place, database)
    return text
  }

  private static func check(_ sql: String, _ place: String, _ database: DuckDB) throws {
    let answer = try database.query(
      """
      SELECT parsed ->> '$.error' AS failed, parsed ->> '$.error_message' AS reason,
        json_array_length(parsed, '$.statements') AS count
      FROM (SELECT json_serialize_sql(\(SQLText.literal(sql))) AS parsed)
      """)
    if try answer.texts("failed") == ["true"] {
      throw MartletError(
        .invalidInput, "the SQL of \(place) is not a query", cause: try answer.texts("reason").first ?? nil,
        fix: "write one query that begins with SELECT, WITH, FROM or VALUES")
    }
    guard try answer.numbers("count") == [1] else {
      throw MartletError.invalidInput(
        "the SQL of \(place) is more than one statement, or none", fix: "write one query")
    }
  }
}
