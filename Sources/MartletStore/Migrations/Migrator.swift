import MartletCore

/// Brings a schema up to date, inside one transaction.
///
/// What was applied is recorded in `schema_migrations`. A database with a migration this program does not know was
/// made by a newer one and is refused; so is one whose recorded migration reads otherwise here.
struct Migrator {
  let migrations: [Migration]

  /// Migrations that are still to be applied. Throws when the database is newer than this program.
  func pending(in connection: any SQLConnection, hasTable: Bool) throws -> [Migration] {
    guard hasTable else { return migrations }
    let recorded = try connection.rows("SELECT name, checksum FROM schema_migrations ORDER BY applied_order") {
      (name: try $0.text(0), checksum: try $0.text(1))
    }
    for (name, checksum) in recorded {
      guard let known = migrations.first(where: { $0.name == name }) else { throw Self.newer(name) }
      guard known.checksum == checksum else { throw Self.changed(name) }
    }
    let applied = Set(recorded.map(\.name))
    return migrations.filter { !applied.contains($0.name) }
  }

  /// Applies what is pending and records it.
  func apply(_ pending: [Migration], in connection: any SQLConnection, at time: Timestamp) throws {
    try connection.execute(
      """
      CREATE TABLE IF NOT EXISTS schema_migrations (name \(connection.dialect.textType) PRIMARY KEY,
        applied_order BIGINT NOT NULL, checksum \(connection.dialect.textType) NOT NULL, applied_at BIGINT NOT NULL)
      """)
    let last = try connection.first("SELECT MAX(applied_order) FROM schema_migrations") { try $0.optionalInteger(0) }
    for (index, migration) in pending.enumerated() {
      for statement in migration.statements {
        do { try connection.execute(connection.dialect.translate(statement)) } catch {
          throw Self.failed(migration, error)
        }
      }
      try connection.execute(
        "INSERT INTO schema_migrations (name, applied_order, checksum, applied_at) VALUES (?, ?, ?, ?)",
        [
          .text(migration.name), SQLValue(Int(((last ?? nil) ?? 0)) + index + 1), .text(migration.checksum),
          SQLValue(time),
        ])
    }
  }

  private static func newer(_ name: String) -> MartletError {
    MartletError(
      .conflict, "the database was used by a newer Martlet",
      cause: "its schema has the step '\(name)', which this version does not know",
      fix: "install that newer version, or restore the backup made before its upgrade")
  }

  private static func changed(_ name: String) -> MartletError {
    MartletError(
      .conflict, "the database was made by another build of Martlet",
      cause: "the schema step '\(name)' reads otherwise in this build",
      fix: "use the build that made it, or start with a new data folder")
  }

  private static func failed(_ migration: Migration, _ error: any Error) -> MartletError {
    let error = MartletError(error, doing: "a statement failed")
    return MartletError(
      error.code, "the database could not be upgraded: the schema step '\(migration.name)' failed, nothing was changed",
      cause: error.cause ?? error.message, fix: error.fix)
  }
}

extension Migration {
  /// FNV-1a of the statements, 16 hexadecimal digits: notices a changed step, protects against nothing.
  var checksum: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in statements.joined(separator: ";").utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
  }
}
