import GRDB
import GRDBSQLite
import MartletCore

/// One SQLite connection with its prepared statements; used by one thread at a time.
final class SQLiteConnection: TimedConnection {
  let dialect = SQLDialect.sqlite
  private let handle: OpaquePointer
  private var statements: [String: SQLiteStatement] = [:]
  /// The first statement that failed in this transaction. As in PostgreSQL, nothing more runs after it.
  private(set) var failure: MartletError?
  var deadline: Deadline?

  /// Statements are kept up to this many; then all are let go.
  private static let keptStatements = 512
  /// The clock is looked at after so many steps of SQLite's machine: every millisecond or so, which costs nothing.
  private static let stepsBetweenLooks: Int32 = 10_000

  init(_ database: GRDB.Database) throws {
    guard let handle = database.sqliteConnection else { throw MartletError(.unavailable, "the database is closed") }
    self.handle = handle
    sqlite3_progress_handler(
      handle, Self.stepsBetweenLooks,
      { context in
        guard let context else { return 0 }
        let connection = Unmanaged<SQLiteConnection>.fromOpaque(context).takeUnretainedValue()
        return connection.deadline?.hasPassed == true ? 1 : 0
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit { sqlite3_progress_handler(handle, 0, nil, nil) }

  @discardableResult
  func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
    let before = sqlite3_total_changes64(handle)
    try forEachRow(sql, arguments) { _ in true }
    // A statement that changes nothing leaves the count of the one before it.
    return sqlite3_total_changes64(handle) == before ? 0 : Int(sqlite3_changes64(handle))
  }

  func forEachRow(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Bool) throws {
    if let failure { throw failure }
    var fromBody: (any Error)?
    do {
      try deadline?.check()
      try statement(sql).run(arguments, on: handle) { row in
        do { return try body(row) } catch {
          fromBody = error
          return false
        }
      }
    } catch {
      var error = MartletError(error, doing: "an SQL statement failed")
      if error.code == .cancelled, let deadline { error = deadline.error }
      failure = error
      throw error
    }
    if let fromBody { throw fromBody }
  }

  /// True between BEGIN and the end of the transaction; some failures (a full disk) end it by themselves.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Runs a statement that steers the transaction, also after a failure.
  func control(_ sql: String) throws {
    failure = nil
    try execute(sql, [])
  }

  /// Ends the transaction without its changes, if there still is one.
  func rollBack() {
    failure = nil
    if isInTransaction { _ = try? execute("ROLLBACK", []) }
    failure = nil
  }

  /// Lets every prepared statement go, before the connection closes.
  func releaseStatements() { statements.removeAll() }

  private func statement(_ sql: String) throws -> SQLiteStatement {
    if let kept = statements[sql] { return kept.isBusy ? try SQLiteStatement(sql, on: handle) : kept }
    let statement = try SQLiteStatement(sql, on: handle)
    if statements.count >= Self.keptStatements { statements.removeAll() }
    statements[sql] = statement
    return statement
  }
}
