import MartletCore
import MartletStore
import MartletTesting
import Testing

private let many = """
  WITH RECURSIVE every (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM every WHERE i < 12000)
  SELECT i FROM every WHERE i > ?
  """

@Suite("Answers of any length") struct StreamingTests {
  @Test(
    "Every row of a long answer comes once, in order, and the connection is free again", arguments: TestDatabase.kinds)
  func everyRow(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      let (found, after) = try await database.read { connection in
        var found: [Int] = []
        for limit in [0, 11_999, 12_000] {
          try connection.stream(many, [SQLValue(limit)]) { row in
            found.append(try row.int(0))
            return true
          }
        }
        return (found, try connection.first("SELECT COUNT(*) FROM things") { try $0.int(0) })
      }
      #expect(found == Array(1...12_000) + [12_000] && after == 0)
    }
  }

  @Test("A reader that has enough ends the answer", arguments: TestDatabase.kinds)
  func enough(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      let found = try await database.read { connection in
        var found: [Int] = []
        for _ in 0..<2 {
          try connection.stream(many, [0]) { row in
            found.append(try row.int(0))
            return found.count % 3 != 0
          }
        }
        return found
      }
      #expect(found == [1, 2, 3, 1, 2, 3])
    }
  }

  @Test("Pages come in order, each once", arguments: TestDatabase.kinds)
  func pages(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      var found: [Int] = []
      try await database.forEachPage({ connection, hand in
        try connection.stream(many, [11_990]) { row in
          try hand(try row.int(0))
          return true
        }
      }) { (page: Int) in
        await Task.yield()
        found.append(page)
      }
      #expect(found == Array(11_991...12_000))
    }
  }

  @Test("Whoever fails on a page stops the reading; a failed reading stops the pages", arguments: TestDatabase.kinds)
  func failures(kind: TestDatabase.Kind) async throws {
    try await withThings(kind) { database in
      let broken = MartletError(.checkFailed, "enough")
      await #expect(throws: broken) {
        try await database.forEachPage({ connection, hand in
          try connection.stream(many, [0]) { row in
            try hand(try row.int(0))
            return true
          }
        }) { (page: Int) in
          if page == 3 { throw broken }
        }
      }
      var found: [Int] = []
      await #expect(throws: broken) {
        try await database.forEachPage({ _, hand in
          try hand(1)
          throw broken
        }) { (page: Int) in found.append(page) }
      }
      #expect(found == [1])
      let seven = try await database.read { connection in try connection.first("SELECT 7") { try $0.int(0) } }
      #expect(seven == 7, "the connection still works")
    }
  }
}
