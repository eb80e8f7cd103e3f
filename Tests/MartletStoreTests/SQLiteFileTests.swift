import Foundation
import MartletCore
import MartletStore
import MartletTesting
import Testing

@Suite("An SQLite file that cannot be used is refused with what, why and how to fix it")
struct SQLiteFileTests {
  @Test("A file that is not a database is left as it is")
  func notADatabase() async throws {
    let path = try TemporaryFolder.make() + "/picture.db"
    let content = Data(repeating: 65, count: 5000)
    try content.write(to: URL(fileURLWithPath: path))
    let error = await #expect(throws: MartletError.self) { try await DatabaseOpener.open(url: "sqlite://\(path)") }
    #expect(error?.code == .invalidInput)
    #expect(error?.message.contains(path) == true && error?.fix != nil)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == content)
  }

  @Test("A folder that is missing is named")
  func missingFolder() async throws {
    let error = await #expect(throws: MartletError.self) {
      try await DatabaseOpener.open(url: "sqlite:///no/such/folder/martlet.db")
    }
    #expect(error?.code == .notFound)
    #expect(error?.cause == "No such file or directory")
  }

  @Test("A folder given instead of a file is refused")
  func folder() async throws {
    let folder = try TemporaryFolder.make()
    let error = await #expect(throws: MartletError.self) { try await DatabaseOpener.open(url: "sqlite://\(folder)") }
    #expect(error?.code == .invalidInput)
  }

  @Test("An unknown kind of database is refused, and its password does not show")
  func unknownKind() async throws {
    let error = await #expect(throws: MartletError.self) {
      try await DatabaseOpener.open(url: "mysql://me:hunter2@localhost/x")
    }
    #expect(error?.code == .invalidInput)
    #expect(error?.description.contains("hunter2") == false)
  }

  @Test("The database and its log are readable by their owner only")
  func permissions() async throws {
    let path = try TemporaryFolder.make() + "/martlet.db"
    let database = try await DatabaseOpener.open(url: "sqlite://\(path)", migrations: thingTables)
    for file in [path, path + "-wal"] {
      let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
      #expect(mode == 0o600)
    }
    await database.close()
  }

  @Test("Transactions that share a commit write no temporary files")
  func noTemporaryFiles() async throws {
    let database = try await TestDatabase.Kind.sqlite.open(migrations: thingTables)
    try await database.write { connection in
      for name in 0..<60 {
        let note = SQLValue.text(String(repeating: "x", count: 3000))
        try connection.execute("INSERT INTO things (name, count, note) VALUES (?, 0, ?)", [.text("\(name)"), note])
      }
    }
    try await withThrowingTaskGroup(of: [String].self) { group in
      for _ in 0..<50 {
        group.addTask {
          try await database.write { connection in
            try connection.execute("UPDATE things SET count = count + 1", [])
            return try openFiles().filter { $0.contains("etilqs") }
          }
        }
      }
      for try await files in group { #expect(files.isEmpty) }
    }
    await database.close()
  }

  @Test("A full disk fails the request that needs it, not its neighbours, and nothing is half-written")
  func fullDisk() async throws {
    let path = try TemporaryFolder.make() + "/martlet.db"
    let database = try SQLiteDatabase.open(path: path)
    try await database.migrate(thingTables, at: Timestamp(milliseconds: 0))
    // SQLite then answers SQLITE_FULL as it does on a full disk.
    try await database.write { connection in
      let pages = try connection.first("PRAGMA page_count") { try $0.int(0) } ?? 0
      _ = try connection.first("PRAGMA max_page_count = \(pages + 4)") { try $0.int(0) }
    }
    let outcomes = await withTaskGroup(of: MartletError?.self) { group in
      for number in 0..<8 {
        group.addTask {
          do {
            try await database.write { connection in
              try connection.execute("INSERT INTO things (name) VALUES (?)", [.text("\(number)")])
              let bytes = number == 3 ? 100_000 : 10
              try connection.execute(
                "UPDATE things SET bytes = ? WHERE name = ?",
                [.blob(Array(repeating: 1, count: bytes)), .text("\(number)")])
            }
            return nil
          } catch { return error as? MartletError }
        }
      }
      return await group.reduce(into: [MartletError]()) { if let error = $1 { $0.append(error) } }
    }
    #expect(outcomes.map(\.code) == [.storageFull])
    #expect(try await names(database) == ["0", "1", "2", "4", "5", "6", "7"])
    await database.close()
  }

  @Test(
    "On a disk that is really full each request fails whole, and work goes on once there is space",
    .enabled(if: SmallDisk.isAvailable))
  func smallDisk() async throws {
    let disk = try #require(try SmallDisk(kilobytes: 1024))
    defer { disk.remove() }
    let database = try await DatabaseOpener.open(url: "sqlite://\(disk.path)/martlet.db", migrations: thingTables)
    let ballast = "\(disk.path)/ballast"
    try Data(repeating: 1, count: 500_000).write(to: URL(fileURLWithPath: ballast))
    var stored = 0
    var failure: MartletError?
    while failure == nil, stored < 1000 {
      do {
        try await insertPair(stored, into: database)
        stored += 1
      } catch { failure = error as? MartletError }
    }
    #expect(failure?.code == .storageFull)
    #expect(try await names(database).count == stored * 2)
    try FileManager.default.removeItem(atPath: ballast)
    try await insertPair(stored, into: database)
    #expect(try await names(database).count == stored * 2 + 2)
    await database.close()
  }

  @Test("Files copied while writers run open with every acknowledged row")
  func copiedMidRun() async throws {
    let folder = try TemporaryFolder.make()
    let database = try await DatabaseOpener.open(url: "sqlite://\(folder)/martlet.db", migrations: thingTables)
    let acknowledged = Acknowledged()
    let writers = Task {
      await withTaskGroup(of: Void.self) { group in
        for writer in 0..<8 {
          group.addTask {
            for number in 0..<100 {
              let name = "\(writer)-\(number)"
              let insert = try? await database.write {
                try $0.execute("INSERT INTO things (name) VALUES (?)", [.text(name)])
              }
              if insert != nil { await acknowledged.add(name) }
            }
          }
        }
      }
    }
    await acknowledged.reached(200)
    let known = await acknowledged.names
    // A crash leaves both files of one instant. Copying takes longer: the open read keeps the log from starting
    // anew in between.
    try await database.read { connection in
      _ = try connection.first("SELECT COUNT(*) FROM things") { try $0.int(0) }
      for suffix in ["", "-wal"] {
        try FileManager.default.copyItem(
          atPath: "\(folder)/martlet.db\(suffix)", toPath: "\(folder)/copy.db\(suffix)")
      }
    }
    await writers.value
    await database.close()
    let copy = try await DatabaseOpener.open(url: "sqlite://\(folder)/copy.db", migrations: thingTables)
    #expect(known.isSubset(of: try await names(copy)))
    await copy.close()
  }
}

private func insertPair(_ number: Int, into database: any Database) async throws {
  try await database.write { connection in
    for side in ["left", "right"] {
      try connection.execute(
        "INSERT INTO things (name, bytes) VALUES (?, ?)",
        [.text("\(side)-\(number)"), .blob(Array(repeating: 7, count: 3000))])
    }
  }
}

private actor Acknowledged {
  private(set) var names: Set<String> = []
  private var waiting: (count: Int, continuation: CheckedContinuation<Void, Never>)?

  func add(_ name: String) {
    names.insert(name)
    if let waiting, names.count >= waiting.count {
      waiting.continuation.resume()
      self.waiting = nil
    }
  }

  func reached(_ count: Int) async {
    if names.count < count { await withCheckedContinuation { waiting = (count, $0) } }
  }
}

/// What this process has open.
private func openFiles() throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
    try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0)
  }
}
