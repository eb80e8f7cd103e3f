import Foundation
package import MartletCore

extension SQLiteDatabase {
  /// Applies what is missing in one transaction, after copying a file that already has a schema.
  package func migrate(_ migrations: [Migration], at time: Timestamp) async throws {
    let migrator = Migrator(migrations: migrations)
    let (pending, isNew) = try await read(within: nil) { connection in
      let hasTable = try Self.hasMigrationTable(connection)
      return (try migrator.pending(in: connection, hasTable: hasTable), !hasTable)
    }
    guard !pending.isEmpty else { return }
    if !isNew { try await backUp(to: "\(path).before-\(time.milliseconds).backup") }
    try await write(within: nil) { connection in
      let hasTable = try Self.hasMigrationTable(connection)
      try migrator.apply(try migrator.pending(in: connection, hasTable: hasTable), in: connection, at: time)
    }
  }

  private static func hasMigrationTable(_ connection: any SQLConnection) throws -> Bool {
    let found = try connection.first(
      "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'", []
    ) { try $0.int(0) }
    return found != nil
  }
}
