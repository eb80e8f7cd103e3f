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

  @Test(
    "What belonged to a project by its name or lineage says so in its tag, and makers are known",
    arguments: TestDatabase.kinds)
  func ownership(kind: TestDatabase.Kind) async throws {
    let url = try await kind.newURL()
    let before = Migration.all.prefix { $0.name != "ownership" }
    let old = try await DatabaseOpener.open(url: url, migrations: Array(before))
    try await old.write { connection in
      for statement in Self.ownedThings { try connection.execute(statement) }
    }
    await old.close()
    let new = try await DatabaseOpener.open(url: url)
    let tags = try await new.read { connection in
      try connection.rows("SELECT experiment_id, value FROM experiment_tags ORDER BY 1") {
        "\(try $0.integer(0)) \(try $0.text(1))"
      }
        + connection.rows("SELECT name, value FROM registered_model_tags ORDER BY 1") {
          "\(try $0.text(0)) \(try $0.text(1))"
        }
    }
    #expect(tags == ["1 flights", "2 other", "new flights", "tagged other"])
    let makers = try await new.read { connection in
      try connection.rows("SELECT resource_pattern FROM access_role_permissions WHERE by_making = 1 ORDER BY 1") {
        try $0.text(0)
      }
    }
    #expect(makers == ["1", "new"])
    await new.close()
  }

  private static let ownedThings: [String] = {
    let experiment =
      "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle, creation_time, last_update_time) VALUES"
    let model = "INSERT INTO registered_models (name, created_by, creation_time, last_update_time, last_version) VALUES"
    let version = """
      INSERT INTO model_versions (name, version, source, created_by, stage, status, creation_time, last_update_time,
        size, lineage, metrics) VALUES
      """
    let permission = "INSERT INTO access_role_permissions (role, resource_type, resource_pattern, permission) VALUES"
    return [
      "INSERT INTO projects (name, created_at) VALUES ('flights', 0), ('tagged', 0)",
      "\(experiment) (1, 'flights', '', 'active', 0, 0), (2, 'tagged', '', 'active', 0, 0), (3, 'free', '', 'active', 0, 0)",
      "INSERT INTO experiment_tags (experiment_id, key, value) VALUES (2, 'martlet.project', 'other')",
      "\(model) ('new', 'ada', 0, 0, 2), ('tagged', 'ada', 0, 0, 1), ('plain', 'eve', 0, 0, 1), ('empty', 'eve', 0, 0, 0)",
      "INSERT INTO registered_model_tags (name, key, value) VALUES ('tagged', 'martlet.project', 'other')",
      #"\#(version) ('new', 1, '', '', '', '', 0, 0, 0, '{"project":"old"}', '{}')"#,
      #"\#(version) ('new', 2, '', '', '', '', 0, 0, 0, '{"a":["é"],"project":"flights"}', '{}')"#,
      #"\#(version) ('tagged', 1, '', '', '', '', 0, 0, 0, '{"project":"flights"}', '{}')"#,
      #"\#(version) ('plain', 1, '', '', '', '', 0, 0, 0, '{}', '{}')"#,
      "INSERT INTO access_users (id, name, disabled, created_at) VALUES (5, 'ada', 0, 0), (6, 'eve', 0, 0)",
      "INSERT INTO access_roles (id, name, owner) VALUES (1, '__user_5__', 5), (2, '__user_6__', 6), (3, 'all', NULL)",
      "\(permission) (1, 'experiment', '1', 'MANAGE'), (1, 'experiment', '2', 'MANAGE'), (1, 'experiment', '3', 'READ')",
      "\(permission) (1, 'registered_model', 'new', 'MANAGE'), (2, 'registered_model', 'new', 'MANAGE')",
      "\(permission) (3, 'experiment', '1', 'MANAGE')",
      "INSERT INTO ledger_entries (time, actor, role, action, object) VALUES (0, 'ada', '', 'experiment.created', 'experiment:1'), (0, 'eve', '', 'experiment.created', 'experiment:2')",
    ]
  }()

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
