import MartletCore

/// One connection to PostgreSQL with its prepared statements; used by one thread at a time.
///
/// Arguments and results travel as text, bytes as they are. Whole and real numbers and bytes say their type; the
/// server infers that of text and of nothing.
final class PostgresConnection: TimedConnection {
  let dialect = SQLDialect.postgresql
  private let library: PostgresLibrary
  private let handle: OpaquePointer
  private var statements: [StatementKey: String] = [:]
  private var preparedCount = 0
  /// The first statement that failed in this transaction; nothing more runs after it.
  private(set) var failure: PostgresFailure?
  var deadline: Deadline?

  private static let fetchedRows: Int32 = 5000

  /// Statements are kept up to this many; then all are let go.
  private static let keptStatements = 512

  private struct StatementKey: Hashable {
    let sql: String
    let types: [Oid]
  }

  init(url: String) throws {
    library = try PostgresLibrary.loaded()
    handle = try PostgresLogin.connect(url, with: library)
    try PostgresLogin.setUp(self)
  }

  deinit { library.finish(handle) }

  /// False once the server or the network went away.
  var isAlive: Bool { library.status(handle) == PostgresStatus.connectionOK }

  /// What libpq says of the last thing that went wrong.
  var lastError: String {
    library.errorMessage(handle).map { PostgresFailure.trimmed(String(cString: $0)) } ?? ""
  }

  @discardableResult
  func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
    try run(sql, arguments).changedRows
  }

  func forEachRow(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Bool) throws {
    let result = try run(sql, arguments)
    for row in 0..<result.rowCount {
      if try !body(SQLRow { result.value(row: row, column: Int32($0)) }) { return }
    }
  }

  /// Through a cursor: libpq holds the whole answer of a statement.
  func stream(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Bool) throws {
    try execute("DECLARE streamed NO SCROLL CURSOR FOR \(sql)", arguments)
    do { try fetchAll(body) } catch {
      _ = try? execute("CLOSE streamed", [])
      throw error
    }
    try execute("CLOSE streamed", [])
  }

  private func fetchAll(_ body: (SQLRow) throws -> Bool) throws {
    var isOver = false
    while !isOver {
      let page = try run("FETCH \(Self.fetchedRows) FROM streamed", [])
      isOver = page.rowCount < Self.fetchedRows
      for row in 0..<page.rowCount {
        if try !body(SQLRow { page.value(row: row, column: Int32($0)) }) {
          isOver = true
          break
        }
      }
    }
  }

  /// Runs a statement that steers the transaction, also after a failure.
  func control(_ sql: String) throws {
    failure = nil
    _ = try checked(library.execute(handle, sql), sql: sql)
  }

  /// Begins a transaction, none of whose statements takes longer than `limit`: the server itself ends those that would,
  /// also when nobody is there any more to ask it to.
  func begin(_ sql: String, within limit: Duration?) throws {
    // Rounded up, so that the deadline has passed when the server says that it has.
    let bound = limit.map { "; SET LOCAL statement_timeout = \(max(1, $0.wholeMilliseconds + 1))" }
    try control(sql + (bound ?? ""))
  }

  /// Ends the transaction without its changes, if there still is one.
  func rollBack() {
    failure = nil
    guard library.transactionStatus(handle) != PostgresStatus.transactionIdle else { return }
    library.clear(library.execute(handle, "ROLLBACK"))
  }

  private func run(_ sql: String, _ arguments: [SQLValue]) throws -> PostgresResult {
    if let failure { throw failure.error }
    do {
      try deadline?.check()
      for argument in arguments { try argument.requireStorable() }
      let name = try preparedStatement(sql, types: arguments.map(PostgresArgument.type))
      return try PostgresArgument.withPointers(to: arguments) { values, lengths, formats in
        try checked(
          library.executePrepared(handle, name, Int32(arguments.count), values, lengths, formats, 0), sql: sql)
      }
    } catch {
      if failure == nil {
        failure = PostgresFailure(MartletError(error, doing: "an SQL statement failed"), sqlState: nil)
      }
      throw error
    }
  }

  private func preparedStatement(_ sql: String, types: [Oid]) throws -> String {
    let key = StatementKey(sql: sql, types: types)
    if let name = statements[key] { return name }
    if statements.count >= Self.keptStatements {
      _ = try checked(library.execute(handle, "DEALLOCATE ALL"), sql: nil)
      statements.removeAll()
    }
    preparedCount += 1
    let name = "s\(preparedCount)"
    _ = try checked(
      library.prepare(handle, name, Self.numberingArguments(of: sql), Int32(types.count), types), sql: sql)
    statements[key] = name
    return name
  }

  /// Turns each `?` that is an argument into `$1`, `$2`, ….
  static func numberingArguments(of sql: String) -> String {
    var count = 0
    return SQLTokens(sql).map { token in
      guard token.kind == .argument else { return String(token.text) }
      count += 1
      return "$\(count)"
    }.joined()
  }

  private func checked(_ handle: OpaquePointer?, sql: String?) throws -> PostgresResult {
    let result = PostgresResult(handle, of: library)
    if result.hasSucceeded { return result }
    var failure = PostgresFailure(result, on: self, sql: sql)
    if failure.isInterruption, let deadline, deadline.hasPassed {
      failure = PostgresFailure(deadline.error, sqlState: failure.sqlState)
    }
    self.failure = failure
    throw failure.error
  }
}
