import MartletCore
import MartletStore
import MartletTesting
import Testing

@Suite("PostgreSQL that fails is reported, and found again", .enabled(if: TestDatabase.kinds.contains(.postgresql)))
struct PostgresDatabaseTests {
  @Test("A server that is down is 'unavailable', with what, why and how to fix it, and no password")
  func down() async throws {
    let error = await #expect(throws: MartletError.self) {
      try await DatabaseOpener.open(url: "postgresql://martlet:hunter2@127.0.0.1:1/martlet")
    }
    #expect(error?.code == .unavailable)
    #expect(error?.cause?.contains("Connection refused") == true && error?.fix != nil)
    #expect(error?.description.contains("hunter2") == false)
  }

  @Test("A database that does not exist is named")
  func missingDatabase() async throws {
    let url = try await TestDatabase.Kind.postgresql.newURL()
    let error = await #expect(throws: MartletError.self) { try await DatabaseOpener.open(url: url + "_missing") }
    #expect(error?.code == .unavailable)
    #expect(error?.cause?.contains("_missing") == true)
  }

  @Test("Work goes on after the server was stopped and started again, and what was stored is there")
  func restart() async throws {
    let server = try await PostgresServer.startOnOwnThread()
    defer { server.stop() }
    try server.createDatabase("restart")
    let database = try await DatabaseOpener.open(url: server.url(of: "restart"), migrations: thingTables)
    try await insert("before", into: database)
    server.halt()
    let error = await #expect(throws: MartletError.self) { try await insert("lost", into: database) }
    #expect(error?.code == .unavailable)
    try server.launch()
    try await insert("after", into: database)
    let stored = try await names(database)
    #expect(stored == ["after", "before"])
    await database.close()
  }

  @Test("A connection cut by the server in the middle of a body: the body is run again")
  func cutConnection() async throws {
    let database = try await TestDatabase.Kind.postgresql.open(migrations: thingTables)
    let attempts = Attempts()
    try await database.write { connection in
      try connection.execute("INSERT INTO things (name) VALUES (?)", ["once"])
      if attempts.next() == 1 { try connection.execute("SELECT pg_terminate_backend(pg_backend_pid())") }
    }
    let stored = try await names(database)
    #expect(stored == ["once"])
    #expect(attempts.next() == 3)
    await database.close()
  }

  @Test("A question mark inside a literal, a name or a comment is no argument")
  func questionMarks() async throws {
    let database = try await TestDatabase.Kind.postgresql.open(migrations: thingTables)
    let row = try await database.read { connection in
      try connection.first("SELECT '?', 'it''s ?' AS \"?\", /* ? */ ? -- ?\n", [5]) { [$0[0], $0[1], $0[2]] }
    }
    #expect(row == ["?", "it's ?", 5])
    await database.close()
  }
}

private func insert(_ name: String, into database: any Database) async throws {
  try await database.write { try $0.execute("INSERT INTO things (name) VALUES (?)", [.text(name)]) }
}
