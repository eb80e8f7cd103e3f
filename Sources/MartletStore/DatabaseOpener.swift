package import MartletCore
import NIOPosix

/// Opens the metadata database a URL names and brings its schema up to date.
package enum DatabaseOpener {
  /// `sqlite:///absolute/path`, `sqlite:relative/path` or `postgresql://user@host:port/name`.
  ///
  /// An existing SQLite file is copied beside itself before its schema changes. A schema newer than this program
  /// is refused. Errors never show the password of a URL.
  ///
  /// - Parameter limits: how long transactions may take; bringing the schema up to date takes what it takes.
  package static func open(
    url: String, migrations: [Migration] = Migration.all, limits: TransactionLimits = .usual, clock: WallClock = .system
  ) async throws -> any Database {
    if let path = sqlitePath(url) {
      let database = try await NIOThreadPool.singleton.runIfActive {
        try SQLiteDatabase.open(path: path, limits: limits)
      }
      return try await opened(database) { try await database.migrate(migrations, at: clock.now) }
    }
    if url.hasPrefix("postgresql:") || url.hasPrefix("postgres:") {
      let database = try await PostgresDatabase.open(url: url, limits: limits)
      return try await opened(database) { try await PostgresDatabase.migrate(url: url, migrations, at: clock.now) }
    }
    throw MartletError.invalidInput(
      "the store URL '\(url.prefix { $0 != ":" })…' names no known kind of database",
      fix: "use sqlite:///path/to/martlet.db or postgresql://user@host:5432/database")
  }

  /// Opens another program's database for reading only, and leaves its schema as it is.
  ///
  /// Reads have no limit of time. Takes SQLAlchemy's spellings: `sqlite:///relative.db`, `sqlite:////absolute.db`,
  /// `postgresql+psycopg2://…`, `mysql+pymysql://…`.
  package static func openForReading(url: String) async throws -> any Database {
    if url.hasPrefix("sqlite:///") {
      let path = String(url.dropFirst("sqlite:///".count))
      return try await NIOThreadPool.singleton.runIfActive { try SQLiteDatabase.openForReading(path: path) }
    }
    let scheme = url.prefix { $0 != ":" }
    if ["mysql", "mariadb"].contains(scheme.prefix { $0 != "+" }) {
      return try await MySQLDatabase.openForReading(url: url)
    }
    guard ["postgresql", "postgres"].contains(scheme.prefix { $0 != "+" }) else {
      throw MartletError.invalidInput("'\(scheme.prefix(40))…' names no kind of database that can be read here")
    }
    return try await PostgresDatabase.open(
      url: "postgresql" + url.dropFirst(scheme.count), limits: .none, writers: 0, readers: 1)
  }

  private static func opened<Kind: Database>(_ database: Kind, _ migrate: () async throws -> Void) async throws
    -> Kind
  {
    do {
      try await migrate()
      return database
    } catch {
      await database.close()
      throw error
    }
  }

  private static func sqlitePath(_ url: String) -> String? {
    guard let rest = url.hasPrefix("sqlite:") ? url.dropFirst("sqlite:".count) : nil else { return nil }
    let path = rest.hasPrefix("//") ? rest.dropFirst(2) : rest
    return path.isEmpty ? nil : String(path)
  }
}
