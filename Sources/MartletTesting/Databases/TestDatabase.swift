import Foundation
import MartletCore
package import MartletStore

/// Databases for tests: empty, migrated, and gone with the process.
///
/// ```swift
/// @Test(arguments: TestDatabase.kinds)
/// func aRowIsFound(kind: TestDatabase.Kind) async throws { let database = try await kind.open() … }
/// ```
package enum TestDatabase {
  package enum Kind: String, Sendable, CaseIterable {
    case sqlite
    case postgresql

    /// A new database of this kind with the whole schema.
    package func open(migrations: [Migration] = Migration.all, limits: TransactionLimits = .usual) async throws
      -> any Database
    {
      try await DatabaseOpener.open(url: try await newURL(), migrations: migrations, limits: limits)
    }

    /// The URL of a database of this kind that holds nothing yet.
    package func newURL() async throws -> String {
      switch self {
      case .sqlite: "sqlite://\(try TemporaryFolder.make())/martlet.db"
      case .postgresql: try await ThrowawayPostgres.newDatabaseURL()
      }
    }
  }

  /// The kinds to test. PostgreSQL is left out only where `MARTLET_TESTS_WITHOUT_POSTGRESQL` is set: a machine that
  /// merely lacks it fails its tests and says so.
  package static var kinds: [Kind] {
    ProcessInfo.processInfo.environment["MARTLET_TESTS_WITHOUT_POSTGRESQL"] == nil ? Kind.allCases : [.sqlite]
  }

  /// A new SQLite file in a temporary folder.
  package static func sqlite(migrations: [Migration] = Migration.all) async throws -> any Database {
    try await Kind.sqlite.open(migrations: migrations)
  }

  /// A new database on a PostgreSQL server that this process started and that ends with it.
  package static func postgres(migrations: [Migration] = Migration.all) async throws -> any Database {
    try await Kind.postgresql.open(migrations: migrations)
  }
}
