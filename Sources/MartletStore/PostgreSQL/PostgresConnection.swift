import CPostgreSQL
import MartletCore

/// One connection to PostgreSQL with its prepared statements; used by one thread at a time.
///
/// Arguments and results travel as text, bytes as they are. Whole and real numbers and bytes say their type; the
/// server infers that of text and of nothing.
final class PostgresConnection: SQLConnection {
  let dialect = SQLDialect.postgresql
  private let handle: OpaquePointer
  private var statements: [StatementKey: String] = [:]
  private var preparedCount = 0
  /// The first statement that failed in this transaction; nothing more runs after it.
  private(set) var failure: PostgresFailure?

  /// Statements are kept up to this many; then all are let go.
  private static let keptStatements = 512

  private struct StatementKey: Hashable {
    let sql: String
    let types: [Oid]
  }

  init(url: String) throws {
    handle = try PostgresLogin.connect(url)
    do { try PostgresLogin.setUp(self) } catch {
      PQfinish(handle)
      throw error
    }
  }

  deinit { PQfinish(handle) }

  /// False once the server or the network went away.
  var isAlive: Bool { PQstatus(handle) == CONNECTION_OK }

  @discardableResult
  func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
    let result = try run(sql, arguments)
    return Int(String(cString: PQcmdTuples(result.handle))) ?? 0
  }

  func forEachRow(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Bool) throws {
    let result = try run(sql, arguments)
    for row in 0..<result.rowCount {
      if try !body(SQLRow { result.value(row: row, column: Int32($0)) }) { return }
    }
  }

  /// Runs a statement that steers the transaction, also after a failure.
  func control(_ sql: String) throws {
    failure = nil
    _ = try checked(PQexec(handle, sql), sql: sql)
  }

  /// Ends the transaction without its changes, if there still is one.
  func rollBack() {
    failure = nil
    if PQtransactionStatus(handle) != PQTRANS_IDLE { PQclear(PQexec(handle, "ROLLBACK")) }
  }

  private func run(_ sql: String, _ arguments: [SQLValue]) throws -> PostgresResult {
    if let failure { throw failure.error }
    do {
      for argument in arguments { try argument.requireStorable() }
      let name = try preparedStatement(sql, types: arguments.map(PostgresArgument.type))
      return try PostgresArgument.withPointers(to: arguments) { values, lengths, formats in
        try checked(PQexecPrepared(handle, name, Int32(arguments.count), values, lengths, formats, 0), sql: sql)
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
      _ = try checked(PQexec(handle, "DEALLOCATE ALL"), sql: nil)
      statements.removeAll()
    }
    preparedCount += 1
    let name = "s\(preparedCount)"
    _ = try checked(PQprepare(handle, name, Self.numberingArguments(of: sql), Int32(types.count), types), sql: sql)
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
    let result = PostgresResult(handle)
    switch PQresultStatus(handle) {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return result
    default:
      let failure = PostgresFailure(result, on: self.handle, sql: sql)
      self.failure = failure
      throw failure.error
    }
  }
}
