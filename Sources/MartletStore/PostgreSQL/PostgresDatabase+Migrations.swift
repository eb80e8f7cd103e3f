package import MartletCore
import NIOPosix

extension PostgresDatabase {
  /// Applies what is missing in one transaction, while no other process can do the same.
  package static func migrate(url: String, _ migrations: [Migration], at time: Timestamp) async throws {
    try await NIOThreadPool.singleton.runIfActive {
      let connection = try PostgresConnection(url: url)
      let migrator = Migrator(migrations: migrations)
      // The lock is the session's, taken before BEGIN: the transaction must see what the lock's last holder did.
      try connection.control("SELECT pg_advisory_lock(\(lockKey))")
      try connection.control("BEGIN")
      let hasTable = try hasMigrationTable(connection)
      try migrator.apply(try migrator.pending(in: connection, hasTable: hasTable), in: connection, at: time)
      try connection.control("COMMIT")
    }
  }

  /// Any number that other programs on the same server are unlikely to use: "martlet" in ASCII.
  private static let lockKey: Int64 = 0x6D61_7274_6C65_74

  private static func hasMigrationTable(_ connection: any SQLConnection) throws -> Bool {
    let found = try connection.first(
      """
      SELECT 1 FROM information_schema.tables
      WHERE table_schema = current_schema() AND table_name = 'schema_migrations'
      """, []
    ) { try $0.int(0) }
    return found != nil
  }
}
