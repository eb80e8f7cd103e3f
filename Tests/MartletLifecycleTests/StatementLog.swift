import MartletStore
import MartletTesting
import Synchronization

/// A database that keeps the statements that are run on it, for tests of what something costs.
final class StatementLog: Database {
  struct Statement: Sendable {
    var sql: String
    var arguments: [SQLValue]
  }

  private let base: any Database
  private let kept = Mutex<[Statement]>([])

  init(_ base: any Database) { self.base = base }

  var dialect: SQLDialect { base.dialect }
  var limits: TransactionLimits { base.limits }

  func read<Value: Sendable>(
    within limit: Duration?, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await base.read(within: limit) { try body(Connection(base: $0, log: self)) }
  }

  func write<Value: Sendable>(
    within limit: Duration?, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await base.write(within: limit) { try body(Connection(base: $0, log: self)) }
  }

  func close() async { await base.close() }

  /// What was run since this was last asked.
  func take() -> [Statement] {
    kept.withLock { kept in
      defer { kept = [] }
      return kept
    }
  }

  /// SQLite's plan of a statement: one line a step.
  func plan(_ statement: Statement) async throws -> [String] {
    try await base.read { connection in
      try connection.rows("EXPLAIN QUERY PLAN \(statement.sql)", statement.arguments) { try $0.text(3) }
    }
  }

  private final class Connection: SQLConnection {
    let base: any SQLConnection
    let log: StatementLog

    init(base: any SQLConnection, log: StatementLog) {
      self.base = base
      self.log = log
    }

    var dialect: SQLDialect { base.dialect }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int { try base.execute(sql, arguments) }

    func forEachRow(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Bool) throws {
      log.kept.withLock { $0.append(Statement(sql: sql, arguments: arguments)) }
      try base.forEachRow(sql, arguments, body)
    }

    func stream(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Bool) throws {
      try base.stream(sql, arguments, body)
    }
  }
}
