import GRDBSQLite
import MartletCore

/// A prepared statement of one SQLite connection: bind, step, read, reset.
final class SQLiteStatement {
  private let handle: OpaquePointer
  private let sql: String

  init(_ sql: String, on connection: OpaquePointer) throws {
    var handle: OpaquePointer?
    let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
    guard code == SQLITE_OK else { throw MartletError(sqlite: code, on: connection, sql: sql) }
    guard let handle else { throw MartletError(.internalError, "an empty SQL statement") }
    self.handle = handle
    self.sql = sql
  }

  deinit { sqlite3_finalize(handle) }

  /// True while a row of it is being read further up the stack.
  var isBusy: Bool { sqlite3_stmt_busy(handle) != 0 }

  /// Runs it once; `body` gets each row until it returns false.
  func run(_ arguments: [SQLValue], on connection: OpaquePointer, _ body: (SQLRow) throws -> Bool) throws {
    defer {
      sqlite3_reset(handle)
      sqlite3_clear_bindings(handle)
    }
    try bind(arguments, on: connection)
    let row = SQLRow { [handle] position in Self.value(of: handle, at: Int32(position)) }
    while true {
      switch sqlite3_step(handle) {
      case SQLITE_ROW: if try !body(row) { return }
      case SQLITE_DONE: return
      case let code: throw MartletError(sqlite: code, on: connection, sql: sql)
      }
    }
  }

  private func bind(_ arguments: [SQLValue], on connection: OpaquePointer) throws {
    let expected = Int(sqlite3_bind_parameter_count(handle))
    guard arguments.count == expected else {
      throw MartletError(
        .internalError, "an SQL statement got \(arguments.count) arguments and takes \(expected)", cause: sql)
    }
    for (index, argument) in arguments.enumerated() {
      try argument.requireStorable()
      let code = Self.bind(argument, to: handle, at: Int32(index + 1))
      guard code == SQLITE_OK else { throw MartletError(sqlite: code, on: connection, sql: sql) }
    }
  }

  private static func bind(_ value: SQLValue, to handle: OpaquePointer, at position: Int32) -> Int32 {
    // SQLITE_TRANSIENT: SQLite copies what the pointer shows.
    let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    switch value {
    case .null: return sqlite3_bind_null(handle, position)
    case .integer(let number): return sqlite3_bind_int64(handle, position, number)
    case .real(let number): return sqlite3_bind_double(handle, position, number)
    case .text(var text):
      return text.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) {
          guard let start = $0.baseAddress else { return sqlite3_bind_text(handle, position, "", 0, copied) }
          return sqlite3_bind_text64(
            handle, position, start, sqlite3_uint64($0.count), copied, UInt8(SQLITE_UTF8))
        }
      }
    case .blob(let bytes):
      if bytes.isEmpty { return sqlite3_bind_zeroblob(handle, position, 0) }
      return sqlite3_bind_blob64(handle, position, bytes, sqlite3_uint64(bytes.count), copied)
    }
  }

  private static func value(of handle: OpaquePointer, at position: Int32) -> SQLValue {
    switch sqlite3_column_type(handle, position) {
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, position))
    case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, position))
    case SQLITE_TEXT:
      guard let start = sqlite3_column_text(handle, position) else { return .text("") }
      let count = Int(sqlite3_column_bytes(handle, position))
      return .text(String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
    case SQLITE_BLOB:
      guard let start = sqlite3_column_blob(handle, position) else { return .blob([]) }
      return .blob(Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, position)))))
    default: return .null
    }
  }
}

extension SQLValue {
  /// Refuses what not every database can hold, so that all refuse the same: NaN, and text with a zero character.
  func requireStorable() throws {
    switch self {
    case .real(let number) where number.isNaN:
      throw MartletError.invalidInput("a number to be stored is NaN", fix: "send a number, or leave the value out")
    case .text(let text) where text.utf8.contains(0):
      throw MartletError.invalidInput("a text to be stored holds a zero character (U+0000)", fix: "remove it")
    default: break
    }
  }
}
