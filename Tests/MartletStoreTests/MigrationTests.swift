import Foundation
import MartletCore
import MartletStore
import MartletTesting
import Testing

@Suite("The schema moves forward in one step, or not at all")
struct MigrationTests {
  private let more = Migration("more", ["CREATE TABLE more (name TEXT PRIMARY KEY)"])

  @Test("Every migration of the product applies", arguments: TestDatabase.kinds)
  func all(kind: TestDatabase.Kind) async throws {
    let database = try await kind.open()
    let recorded = try await database.read {
      try $0.rows("SELECT name FROM schema_migrations ORDER BY applied_order") { try $0.text(0) }
    }
    #expect(recorded == Migration.all.map(\.name))
    await database.close()
  }

  @Test("Opening again applies only what is new and keeps the rows", arguments: TestDatabase.kinds)
  func upgrade(kind: TestDatabase.Kind) async throws {
    let url = try await kind.newURL()
    let old = try await DatabaseOpener.open(url: url, migrations: thingTables)
    try await old.write { try $0.execute("INSERT INTO things (name) VALUES (?)", ["kept"]) }
    await old.close()
    let new = try await DatabaseOpener.open(url: url, migrations: thingTables + [more])
    try await new.write { try $0.execute("INSERT INTO more (name) VALUES (?)", ["new"]) }
    #expect(try await names(new) == ["kept"])
    await new.close()
  }

  @Test("A schema from a newer Martlet is refused by name", arguments: TestDatabase.kinds)
  func newer(kind: TestDatabase.Kind) async throws {
    let url = try await kind.newURL()
    await (try await DatabaseOpener.open(url: url, migrations: thingTables + [more])).close()
    let error = await #expect(throws: MartletError.self) {
      try await DatabaseOpener.open(url: url, migrations: thingTables)
    }
    #expect(error?.code == .conflict)
    #expect(error?.message.contains("newer Martlet") == true && error?.cause?.contains("'more'") == true)
  }

  @Test("A migration that reads otherwise than when it was applied is refused", arguments: TestDatabase.kinds)
  func changed(kind: TestDatabase.Kind) async throws {
    let url = try await kind.newURL()
    await (try await DatabaseOpener.open(url: url, migrations: [more])).close()
    let error = await #expect(throws: MartletError.self) {
      try await DatabaseOpener.open(url: url, migrations: [Migration("more", ["CREATE TABLE more (id BIGINT)"])])
    }
    #expect(error?.code == .conflict)
  }

  @Test("A migration that fails changes nothing", arguments: TestDatabase.kinds)
  func failing(kind: TestDatabase.Kind) async throws {
    let url = try await kind.newURL()
    await (try await DatabaseOpener.open(url: url, migrations: thingTables)).close()
    let broken = Migration("broken", ["CREATE TABLE half (id BIGINT)", "CREATE TABLE half (id BIGINT)"])
    let error = await #expect(throws: MartletError.self) {
      try await DatabaseOpener.open(url: url, migrations: thingTables + [broken])
    }
    #expect(error?.message.contains("'broken'") == true)
    let database = try await DatabaseOpener.open(url: url, migrations: thingTables)
    await #expect(throws: MartletError.self) {
      try await database.read { try $0.rows("SELECT id FROM half") { try $0.int(0) } }
    }
    await database.close()
  }

  @Test("Two processes that migrate at once apply each step once", arguments: TestDatabase.kinds)
  func concurrent(kind: TestDatabase.Kind) async throws {
    let url = try await kind.newURL()
    await (try await DatabaseOpener.open(url: url, migrations: [])).close()
    let tables = thingTables
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<(kind == .sqlite ? 1 : 4) {
        group.addTask { await (try await DatabaseOpener.open(url: url, migrations: tables)).close() }
      }
      try await group.waitForAll()
    }
  }

  @Test("An SQLite file is copied before its schema changes, and the copy holds the old rows")
  func backup() async throws {
    let folder = try TemporaryFolder.make()
    let old = try await DatabaseOpener.open(url: "sqlite://\(folder)/martlet.db", migrations: thingTables)
    try await old.write { try $0.execute("INSERT INTO things (name) VALUES (?)", ["kept"]) }
    await old.close()
    let new = try await DatabaseOpener.open(url: "sqlite://\(folder)/martlet.db", migrations: thingTables + [more])
    await new.close()
    let copies = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".backup") }
    let name = try #require(copies.first)
    #expect(copies.count == 1)
    let copy = try await DatabaseOpener.open(url: "sqlite://\(folder)/\(name)", migrations: thingTables)
    #expect(try await names(copy) == ["kept"])
    await copy.close()
  }
}
