import MartletCore
import MartletStore
import MartletTesting
import Testing

@Suite("What is stored comes back the same")
struct ValueContractTests {
  @Test("Whole numbers keep all 64 bits", arguments: TestDatabase.kinds)
  func integers(kind: TestDatabase.Kind) async throws {
    for number in [Int64.min, -1, 0, 1, .max] {
      #expect(try await roundTrip(.integer(number), column: "count", kind) == .integer(number))
    }
  }

  @Test("Real numbers keep every bit, and infinities", arguments: TestDatabase.kinds)
  func reals(kind: TestDatabase.Kind) async throws {
    let numbers = [
      0.1, -0.0, 1, 1e-300, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, -.infinity,
    ]
    for number in numbers {
      let stored = try await roundTrip(.real(number), column: "size", kind)
      guard case .real(let read) = stored else { Issue.record("\(number) came back as \(stored)"); continue }
      // SQLite stores a real without a fraction as an integer inside the file and so forgets the sign of zero.
      #expect(read.bitPattern == number.bitPattern || (number == 0 && read == 0))
    }
  }

  @Test(
    "Text keeps every byte: empty, quotes, question marks, emoji, decomposed letters", arguments: TestDatabase.kinds)
  func texts(kind: TestDatabase.Kind) async throws {
    let texts = [
      "", "it's \"?\" $1 \\ '", "日本 🐦\u{1F3FD}", "e\u{301}", "\u{E9}", String(repeating: "x", count: 100_000), "a\nb\t",
    ]
    for text in texts {
      let stored = try await roundTrip(.text(text), column: "note", kind)
      guard case .text(let read) = stored else { Issue.record("text came back as another type"); continue }
      #expect(Array(read.utf8) == Array(text.utf8))
    }
  }

  @Test("Bytes keep zeros and emptiness", arguments: TestDatabase.kinds)
  func blobs(kind: TestDatabase.Kind) async throws {
    for bytes in [[], [0], [0, 255, 0, 92, 39], Array(repeating: 7, count: 70_000)] as [[UInt8]] {
      #expect(try await roundTrip(.blob(bytes), column: "bytes", kind) == .blob(bytes))
    }
  }

  @Test("Nothing stays nothing in every type of column", arguments: TestDatabase.kinds)
  func nulls(kind: TestDatabase.Kind) async throws {
    for column in ["count", "size", "note", "bytes"] {
      #expect(try await roundTrip(.null, column: column, kind) == .null)
    }
  }

  @Test("NaN and a zero character are refused, not changed", arguments: TestDatabase.kinds)
  func unstorable(kind: TestDatabase.Kind) async throws {
    for (value, column) in [(SQLValue.real(.nan), "size"), (.text("a\0b"), "note")] {
      let error = await #expect(throws: MartletError.self) { try await roundTrip(value, column: column, kind) }
      #expect(error?.code == .invalidInput)
    }
  }

  @Test("A whole number goes into a column of reals", arguments: TestDatabase.kinds)
  func integerAsReal(kind: TestDatabase.Kind) async throws {
    #expect(try await roundTrip(.integer(3), column: "size", kind) == .real(3))
  }

  @Test("Text sorts and compares by bytes", arguments: TestDatabase.kinds)
  func byteOrder(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      let sorted = ["A", "Z", "_", "a", "z", "é", "日"]
      try await database.write { connection in
        for name in sorted.reversed() { try connection.execute("INSERT INTO things (name) VALUES (?)", [.text(name)]) }
      }
      #expect(try await names(database) == sorted)
      let above = try await database.read { connection in
        try connection.rows("SELECT name FROM things WHERE name > ? ORDER BY name", ["a"]) { try $0.text(0) }
      }
      #expect(above == ["z", "é", "日"])
    }
  }

  @Test("Counts, sums, averages and comparisons come back as numbers", arguments: TestDatabase.kinds)
  func aggregates(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      try await database.write {
        try $0.execute("INSERT INTO things (name, count, size) VALUES (?, ?, ?), (?, ?, ?)", ["a", 1, 2, "b", 2, 3])
      }
      let row = try await database.read { connection in
        try connection.first("SELECT COUNT(*), SUM(count), AVG(size), MAX(count) > 1, ? FROM things", [7]) {
          [$0[0], $0[1], $0[2], $0[3], $0[4]]
        }
      }
      #expect(row == [2, 3, .real(2.5), 1, 7])
    }
  }

  @Test("Rows are numbered by the database, never with a number used before", arguments: TestDatabase.kinds)
  func serials(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      let insert: @Sendable (any SQLConnection) throws -> Int64? = {
        try $0.first("INSERT INTO things (name) VALUES (?) RETURNING id", ["x"]) { try $0.integer(0) }
      }
      let first = try await database.write(insert)
      try await database.write { try $0.execute("DELETE FROM things") }
      let second = try await database.write(insert)
      #expect(try #require(second) > #require(first))
    }
  }
}

private func roundTrip(_ value: SQLValue, column: String, _ kind: TestDatabase.Kind) async throws -> SQLValue {
  let database = try await kind.open(migrations: thingTables)
  do {
    let read = try await database.write { connection in
      try connection.execute("INSERT INTO things (name, \(column)) VALUES (?, ?)", ["x", value])
      return try connection.first("SELECT \(column) FROM things") { $0[0] }
    }
    await database.close()
    return try #require(read)
  } catch {
    await database.close()
    throw error
  }
}
