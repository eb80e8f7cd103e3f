import MartletCore

/// The metadata database: SQLite or PostgreSQL behind one small interface.
///
/// Bodies run on a thread of the database's own, never on a cooperative one, and may be called from any task.
/// Statements use `?` for arguments in both dialects. Text compares by bytes, and LIKE tells upper from lower case;
/// a LIKE pattern that escapes says `ESCAPE '\'`. A statement that failed ends its transaction.
package protocol Database: Sendable {
  var dialect: SQLDialect { get }

  /// How long transactions may take that are not given another limit.
  var limits: TransactionLimits { get }

  /// Runs `body` in a read-only transaction that sees one consistent state.
  ///
  /// - Parameter limit: how long it may take; nil: as long as it likes.
  /// - Throws: `.tooSlow` when that was not enough; the query is interrupted.
  func read<Value: Sendable>(
    within limit: Duration?, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value

  /// Runs `body` in a transaction of its own: all of it is applied, durably, when this returns; none of it when it
  /// throws. Several callers' transactions may share one commit to disk.
  ///
  /// A body may run more than once (after a conflict, or when a shared commit failed): it changes nothing but the
  /// database. Once a statement has failed, the body must throw: nothing more runs, and nothing is committed.
  ///
  /// - Parameter limit: how long the body may take, all its attempts together; nil: as long as it likes.
  /// - Throws: `.tooSlow` when that was not enough; nothing of it is applied.
  @discardableResult
  func write<Value: Sendable>(
    within limit: Duration?, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value

  /// Waits for what is under way, then closes.
  func close() async
}

extension Database {
  /// Reads within the usual time.
  package func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> Value) async throws
    -> Value
  { try await read(within: limits.reading, body) }

  /// Writes within the usual time.
  @discardableResult
  package func write<Value: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> Value) async throws
    -> Value
  { try await write(within: limits.writing, body) }
}

package enum SQLDialect: String, Sendable {
  case sqlite
  case postgresql
  /// Of other programs, for reading only.
  case mysql
}

/// One connection inside a transaction. It must not leave the body it was given to.
package protocol SQLConnection: AnyObject {
  var dialect: SQLDialect { get }

  /// Runs one statement, prepared once and kept; returns how many rows it changed.
  @discardableResult
  func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int

  /// Runs one statement and hands each row to `body` until it returns false.
  func forEachRow(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Bool) throws

  /// As `forEachRow` for a query with a result of any length: few rows are held at once. Until it ends, nothing else
  /// may be asked of the connection.
  func stream(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Bool) throws
}

extension SQLConnection {
  package func stream(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Bool) throws {
    try forEachRow(sql, arguments, body)
  }

  @discardableResult
  package func execute(_ sql: String) throws -> Int { try execute(sql, []) }

  /// All rows, each made into a value by `body`. Inlinable, so that callers in other modules get a loop over their own type.
  @inlinable
  package func rows<Value>(_ sql: String, _ arguments: [SQLValue] = [], _ body: (SQLRow) throws -> Value) throws
    -> [Value]
  {
    var values: [Value] = []
    try forEachRow(sql, arguments) { row in
      values.append(try body(row))
      return true
    }
    return values
  }

  /// The first row made into a value, or nil when there is none.
  @inlinable
  package func first<Value>(_ sql: String, _ arguments: [SQLValue] = [], _ body: (SQLRow) throws -> Value) throws
    -> Value?
  {
    var value: Value?
    try forEachRow(sql, arguments) { row in
      value = try body(row)
      return false
    }
    return value
  }
}
