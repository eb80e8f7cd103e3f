import MartletCore
import MartletStore
import MartletTesting
import Testing

@Suite("Both databases keep the same promises")
struct DatabaseContractTests {
  @Test("What a body wrote is there once write returns", arguments: TestDatabase.kinds)
  func writeThenRead(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      let changed = try await database.write {
        try $0.execute("INSERT INTO things (name, count) VALUES (?, ?), (?, ?)", ["a", 1, "b", nil])
      }
      #expect(changed == 2)
      let stored = try await names(database)
      #expect(stored == ["a", "b"])
    }
  }

  @Test("A body that throws leaves nothing", arguments: TestDatabase.kinds)
  func atomicity(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      await #expect(throws: MartletError(.checkFailed, "changed its mind")) {
        try await database.write { connection in
          try connection.execute("INSERT INTO things (name) VALUES (?)", ["half"])
          throw MartletError(.checkFailed, "changed its mind")
        }
      }
      let stored = try await names(database)
      #expect(stored.isEmpty)
    }
  }

  @Test("A failing body among many concurrent ones rolls back alone", arguments: TestDatabase.kinds)
  func failingBodyIsIsolated(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      let failures = await withTaskGroup(of: Bool.self) { group in
        for number in 0..<60 {
          group.addTask { await !writes(database, number, failing: number.isMultiple(of: 3)) }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(failures == 20)
      let expected = (0..<60).filter { !$0.isMultiple(of: 3) }.map { "thing-\($0)" }.sorted()
      let stored = try await names(database)
      #expect(stored == expected)
    }
  }

  @Test("Eight writers that read, add one and write back lose no update", arguments: TestDatabase.kinds)
  func noLostUpdate(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      try await database.write { try $0.execute("INSERT INTO things (name, count) VALUES (?, ?)", ["counter", 0]) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask { for _ in 0..<10 { try await addOne(database) } }
        }
        try await group.waitForAll()
      }
      let count = try await database.read { try $0.first("SELECT count FROM things") { try $0.int(0) } }
      #expect(count == 80)
    }
  }

  @Test("A unique violation says 'already exists' and which constraint", arguments: TestDatabase.kinds)
  func uniqueViolation(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      let insert: @Sendable (any SQLConnection) throws -> Int = {
        try $0.execute("INSERT INTO things (name) VALUES (?)", ["same"])
      }
      _ = try await database.write(insert)
      let error = await #expect(throws: MartletError.self) { try await database.write(insert) }
      #expect(error?.code == .alreadyExists)
      #expect(error?.cause?.contains("things") == true && error?.cause?.contains("name") == true)
      #expect(error?.description.contains("same") == false, "values stay out of errors")
    }
  }

  @Test("A body that goes on after a failed statement is refused as a whole", arguments: TestDatabase.kinds)
  func failureIsNotSwallowed(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      await #expect(throws: MartletError.self) {
        try await database.write { connection in
          try connection.execute("INSERT INTO things (name) VALUES (?)", ["a"])
          _ = try? connection.execute("INSERT INTO things (name) VALUES (?)", ["a"])
        }
      }
      let stored = try await names(database)
      #expect(stored.isEmpty)
    }
  }

  @Test("An upsert changes the row that is there", arguments: TestDatabase.kinds)
  func upsert(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      for count in 1...3 {
        try await database.write {
          try $0.execute(
            "INSERT INTO things (name, count) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = excluded.count",
            ["x", SQLValue(count)])
        }
      }
      let rows = try await database.read { try $0.rows("SELECT count FROM things") { try $0.int(0) } }
      #expect(rows == [3])
    }
  }

  @Test("Reads see no half of a transaction, and cannot write", arguments: TestDatabase.kinds)
  func readsAreConsistent(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      await #expect(throws: MartletError.self) {
        try await database.read { try $0.execute("INSERT INTO things (name) VALUES (?)", ["x"]) }
      }
      let writer = Task {
        for number in 0..<50 {
          try await database.write {
            try $0.execute("INSERT INTO things (name) VALUES (?)", [.text("left-\(number)")])
            try $0.execute("INSERT INTO things (name) VALUES (?)", [.text("right-\(number)")])
          }
        }
      }
      for _ in 0..<50 {
        let stored = try await names(database)
        #expect(stored.count.isMultiple(of: 2))
      }
      try await writer.value
      let stored = try await names(database)
      #expect(stored.count == 100)
    }
  }

  @Test("Rows are read while another statement runs for each of them", arguments: TestDatabase.kinds)
  func nestedStatements(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      try await database.write { connection in
        for name in ["a", "b"] { try connection.execute("INSERT INTO things (name) VALUES (?)", [.text(name)]) }
        let pairs = try connection.rows("SELECT name FROM things ORDER BY name") { row in
          try connection.rows("SELECT name FROM things ORDER BY name") { try $0.text(0) } + [try row.text(0)]
        }
        #expect(pairs == [["a", "b", "a"], ["a", "b", "b"]])
      }
    }
  }

  @Test("After close, work is refused with 'unavailable'", arguments: TestDatabase.kinds)
  func closed(kind: TestDatabase.Kind) async throws {
    let database = try await kind.open(migrations: thingTables)
    await database.close()
    await database.close()
    let error = await #expect(throws: MartletError.self) { try await names(database) }
    #expect(error?.code == .unavailable)
  }
}

private func writes(_ database: any Database, _ number: Int, failing: Bool) async -> Bool {
  do {
    try await database.write { connection in
      try connection.execute("INSERT INTO things (name) VALUES (?)", [.text("thing-\(number)")])
      if failing { try connection.execute("INSERT INTO no_such_table VALUES (1)") }
    }
    return true
  } catch { return false }
}

private func addOne(_ database: any Database) async throws {
  try await database.write { connection in
    let count = try connection.first("SELECT count FROM things WHERE name = ?", ["counter"]) { try $0.int(0) } ?? -1
    try connection.execute("UPDATE things SET count = ? WHERE name = ?", [SQLValue(count + 1), "counter"])
  }
}
