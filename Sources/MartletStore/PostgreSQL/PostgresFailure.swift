import MartletCore

/// What PostgreSQL reported, as something to act on, and whether running the transaction again may help.
struct PostgresFailure {
  let error: MartletError
  /// Five characters (PostgreSQL manual, appendix A); nil when no server answered.
  let sqlState: String?

  init(_ error: MartletError, sqlState: String?) {
    self.error = error
    self.sqlState = sqlState
  }

  init(_ result: PostgresResult, on connection: PostgresConnection, sql: String?) {
    let state = result.errorField("C")
    let message = result.errorField("M") ?? connection.lastError
    sqlState = state
    if !connection.isAlive {
      error = Self.lost(message)
    } else {
      error = Self.error(state ?? "", message, sql)
    }
  }

  /// A conflict with a concurrent transaction, or a deadlock: the same transaction may succeed next time.
  var isPassing: Bool { sqlState == "40001" || sqlState == "40P01" }

  /// The server ended the statement: its time was up, or somebody there wished so.
  var isInterruption: Bool { sqlState == "57014" }

  static func lost(_ message: String) -> MartletError {
    MartletError(
      .unavailable, "the connection to PostgreSQL was lost", cause: message,
      fix: "check that PostgreSQL runs and is reachable; Martlet connects again by itself")
  }

  static func trimmed(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).map { $0.trimmingPrefix(while: \.isWhitespace) }.joined(separator: " ")
  }

  private static func error(_ state: String, _ message: String, _ sql: String?) -> MartletError {
    switch (state.prefix(2), state) {
    case (_, "23505"):
      return MartletError(.alreadyExists, "it already exists", cause: message, fix: "choose another name")
    case ("23", _): return MartletError(.conflict, "the change does not fit what is stored", cause: message)
    case (_, "53100"), (_, "53200"): return .databaseStorageFull(message)
    case ("40", _):
      return MartletError(.conflict, "too many changes to the same records at once", cause: message, fix: "try again")
    case ("08", _), ("53", _), ("57", _):
      return MartletError(
        .unavailable, "PostgreSQL cannot answer now", cause: message, fix: "check the PostgreSQL server, then try again"
      )
    case (_, "42501"):
      return MartletError(
        .permissionDenied, "PostgreSQL refused access to a table", cause: message,
        fix: "grant the store's user all rights on its database")
    case ("22", _):
      // The message would quote the value.
      return MartletError(.invalidInput, "a value does not fit its column", cause: "PostgreSQL error \(state)")
    default:
      return MartletError(
        .internalError, "an SQL statement failed",
        cause: "\(message) (\(state))" + (sql.map { " in: \($0.prefix(500))" } ?? ""))
    }
  }
}
