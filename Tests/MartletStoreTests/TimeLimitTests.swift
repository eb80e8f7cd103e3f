import MartletCore
import MartletStore
import MartletTesting
import Synchronization
import Testing

/// A query that counts for minutes, in one statement, in both databases.
private let endless = """
  WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000000) SELECT COUNT(*) FROM n
  """

@Suite("Nothing in a database takes longer than it may", .timeLimit(.minutes(2)))
struct TimeLimitTests {
  @Test("A slow read is stopped, says why, and leaves its connection as it was", arguments: TestDatabase.kinds)
  func slowRead(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      // More than there are connections, so that each of them is stopped once.
      let errors = await withTaskGroup(of: MartletError?.self) { group in
        for _ in 0..<5 {
          group.addTask { await failure { try await database.read(within: .milliseconds(200)) { try count($0) } } }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(errors.map { $0?.code } == Array(repeating: .tooSlow, count: 5))
      #expect(errors[0]?.message.contains("longer than 200ms") == true && errors[0]?.fix != nil)
      for _ in 0..<20 { try await expectNames([], in: database) }
    }
  }

  @Test("While one read is slow, others get their answers", arguments: TestDatabase.kinds)
  func neighbours(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      let (began, beginning) = AsyncStream.makeStream(of: Void.self)
      let isOver = Flag()
      async let slow: MartletError? = failure {
        defer { isOver.raise() }
        try await database.read(within: .seconds(3)) { connection in
          beginning.finish()
          try count(connection)
        }
      }
      for await _ in began {}
      for number in 0..<20 {
        try await database.write { try $0.execute("INSERT INTO things (name) VALUES (?)", [.text("\(number)")]) }
        let stored = try await names(database)
        #expect(stored.count == number + 1)
      }
      #expect(!isOver.isRaised, "they waited for it")
      #expect(await slow?.code == .tooSlow)
    }
  }

  @Test("Many quick statements together are one slow read", arguments: TestDatabase.kinds)
  func manyStatements(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      let error = await failure {
        try await database.read(within: .milliseconds(200)) { connection in
          while true { _ = try connection.first("SELECT 1") { try $0.int(0) } }
        }
      }
      #expect(error?.code == .tooSlow)
      try await expectNames([], in: database)
    }
  }

  @Test("A body that goes on after it was stopped is refused", arguments: TestDatabase.kinds)
  func swallowed(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      let error = await failure {
        try await database.write(within: .milliseconds(200)) { connection in
          try connection.execute("INSERT INTO things (name) VALUES ('half')")
          _ = try? count(connection)
        }
      }
      #expect(error?.code == .tooSlow)
      try await expectNames([], in: database)
    }
  }

  @Test("A slow write leaves nothing, and takes no neighbour with it", arguments: TestDatabase.kinds)
  func slowWrite(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      let errors = await withTaskGroup(of: MartletError?.self) { group in
        for number in 0..<12 {
          group.addTask { await failure { try await insert(number, into: database, slowly: number == 3) } }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(errors.compactMap { $0?.code } == [.tooSlow])
      #expect(errors.compactMap(\.self).first?.cause == "nothing of it was stored")
      let expected = (0..<12).filter { $0 != 3 }.map { "thing-\($0)" }.sorted()
      try await expectNames(expected, in: database)
    }
  }

  @Test(
    "A transaction that is given no limit has the database's; one may also have none", arguments: TestDatabase.kinds)
  func usual(kind: TestDatabase.Kind) async throws {
    let database = try await kind.open(
      migrations: thingTables, limits: TransactionLimits(reading: .zero, writing: .zero))
    let read = await failure { _ = try await names(database) }
    #expect(read?.code == .tooSlow)
    let write = await failure { try await database.write { _ = try $0.execute("DELETE FROM things") } }
    #expect(write?.code == .tooSlow)
    try await database.write(within: nil) { try $0.execute("INSERT INTO things (name) VALUES ('a')") }
    let stored = try await database.read(within: nil) { try $0.rows("SELECT name FROM things") { try $0.text(0) } }
    #expect(stored == ["a"])
    await database.close()
  }
}

private func count(_ connection: any SQLConnection) throws { _ = try connection.first(endless) { try $0.int(0) } }

private func expectNames(_ expected: [String], in database: any Database) async throws {
  let stored = try await names(database)
  #expect(stored == expected)
}

/// In one statement that changes rows where it is slow: the database then undoes more than the statement.
private func insert(_ number: Int, into database: any Database, slowly: Bool) async throws {
  try await database.write(within: slowly ? .milliseconds(200) : .seconds(60)) { connection in
    try connection.execute("INSERT INTO things (name) VALUES (?)", [.text("thing-\(number)")])
    guard slowly else { return }
    try connection.execute("UPDATE things SET count = (\(endless)) WHERE name = ?", [.text("thing-\(number)")])
  }
}

/// What went wrong; nil when nothing did.
private func failure(_ body: () async throws -> Void) async -> MartletError? {
  do {
    try await body()
    return nil
  } catch { return MartletError(error, doing: "unexpected") }
}

private final class Flag: Sendable {
  private let value = Atomic(false)

  var isRaised: Bool { value.load(ordering: .sequentiallyConsistent) }

  func raise() { value.store(true, ordering: .sequentiallyConsistent) }
}
