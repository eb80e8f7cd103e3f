import Foundation
import GRDB
import GRDBSQLite
import MartletCore

extension MartletError {
  /// What SQLite reported, as something to act on. Arguments never show.
  init(sqlite code: Int32, on connection: OpaquePointer?, sql: String? = nil) {
    let message = connection.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
    let extended = connection.map { sqlite3_extended_errcode($0) } ?? code
    // Some ways to run out of space (the shared-memory file, a delayed write) come as plain input/output errors.
    let system = connection.map { sqlite3_system_errno($0) } ?? 0
    if code & 0xFF == SQLITE_IOERR, system == ENOSPC || system == EDQUOT {
      self = .databaseStorageFull(message)
      return
    }
    self.init(sqliteCode: extended & 0xFF == code & 0xFF ? extended : code, message: message, sql: sql)
  }

  /// The same for an error that GRDB reported while opening.
  init(_ error: DatabaseError) {
    self.init(
      sqliteCode: error.extendedResultCode.rawValue, message: error.message ?? error.resultCode.description,
      sql: error.sql)
  }

  private init(sqliteCode code: Int32, message: String, sql: String?) {
    switch (code & 0xFF, code) {
    case (SQLITE_FULL, _): self = .databaseStorageFull(message)
    case (SQLITE_CONSTRAINT, Self.uniqueViolation), (SQLITE_CONSTRAINT, Self.primaryKeyViolation):
      self.init(.alreadyExists, "it already exists", cause: message, fix: "choose another name")
    case (SQLITE_CONSTRAINT, _):
      self.init(.conflict, "the change does not fit what is stored", cause: message)
    case (SQLITE_BUSY, _), (SQLITE_LOCKED, _):
      self.init(
        .unavailable, "the database is locked", cause: "another process is using its file: \(message)",
        fix: "stop the other process, or try again")
    case (SQLITE_READONLY, _), (SQLITE_PERM, _), (SQLITE_CANTOPEN, _):
      self.init(
        .permissionDenied, "the database file cannot be written", cause: message,
        fix: "let the server's user write the file and its folder")
    case (SQLITE_NOTADB, _):
      self.init(
        .invalidInput, "the file is not an SQLite database", cause: message,
        fix: "give another path, or move the file away")
    case (SQLITE_CORRUPT, _), (SQLITE_IOERR, _):
      self.init(
        .unavailable, "the database file could not be read or written", cause: message,
        fix: "check the disk; if the file is damaged, restore a backup")
    case (SQLITE_TOOBIG, _):
      self.init(.payloadTooLarge, "a value is too large to be stored", cause: message, fix: "store it as an artifact")
    case (SQLITE_INTERRUPT, _): self.init(.cancelled, "the query was interrupted")
    default:
      self.init(
        .internalError, "an SQL statement failed", cause: message + (sql.map { " in: \($0.prefix(500))" } ?? ""))
    }
  }

  // Extended codes are C macros of shifts, which Swift does not import.
  private static let uniqueViolation = SQLITE_CONSTRAINT | 8 << 8
  private static let primaryKeyViolation = SQLITE_CONSTRAINT | 6 << 8

  static func databaseStorageFull(_ cause: String) -> MartletError {
    MartletError(
      .storageFull, "the disk of the database is full; nothing of this request was stored", cause: cause,
      fix: "free space on the disk, then send the request again")
  }
}
