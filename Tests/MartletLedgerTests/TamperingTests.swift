import Foundation
import MartletCore
import MartletLedger
import MartletStore
import MartletTesting
import Testing

@Suite("What was changed in the ledger is found and named")
struct TamperingTests {
  @Test(
    "A change of any column of a sealed entry names the entry", arguments: TestDatabase.kinds,
    [
      "time = time + 1", "actor = 'eve'", "role = 'admin'", "action = 'run.deleted'", "object = 'endpoint:p/other'",
      "before_json = '{\"version\":9}'", "after_json = '{\"version\":9}'", "after_json = NULL", "before_hash = 'x'",
      "after_hash = NULL", "reason = 'reason number 3 '", "reason = NULL", "request_id = 'r-2'",
      "previous_hash = 'x'", "hash = 'x'", "id = 1000",
    ])
  func changed(kind: TestDatabase.Kind, change: String) async throws {
    try await withLedger(kind, entries: 6) { ledger, database in
      try await database.write { try $0.execute("UPDATE ledger_entries SET \(change) WHERE sequence = 4") }
      let result = try await ledger.verify()
      #expect(result.problems.first?.sequence == 4)
      #expect(result.problems.first?.message.contains("entry 4") == true)
    }
  }

  @Test("An entry removed from the middle is missed by its number", arguments: TestDatabase.kinds)
  func removed(kind: TestDatabase.Kind) async throws {
    try await withLedger(kind, entries: 6) { ledger, database in
      try await database.write { try $0.execute("DELETE FROM ledger_entries WHERE sequence = 3") }
      let result = try await ledger.verify()
      #expect(result.problems.map(\.kind) == [.missing])
      #expect(result.problems.first?.sequence == 3)
    }
  }

  @Test("An entry taken out of the chain but left in the table is named", arguments: TestDatabase.kinds)
  func unsealed(kind: TestDatabase.Kind) async throws {
    try await withLedger(kind, entries: 3) { ledger, database in
      try await database.write { try $0.execute("UPDATE ledger_entries SET sequence = NULL WHERE sequence = 3") }
      let result = try await ledger.verify()
      #expect(Set(result.problems.map(\.kind)) == [.changed, .truncated])
    }
  }

  @Test("Entries that changed places do not fit", arguments: TestDatabase.kinds)
  func swapped(kind: TestDatabase.Kind) async throws {
    try await withLedger(kind, entries: 6) { ledger, database in
      try await database.write { connection in
        for (from, to) in [(2, -1), (3, 2), (-1, 3)] {
          try connection.execute("UPDATE ledger_entries SET sequence = \(to) WHERE sequence = \(from)")
        }
      }
      let result = try await ledger.verify()
      #expect(result.problems.contains { $0.sequence == 2 } && result.problems.contains { $0.sequence == 3 })
    }
  }

  @Test("The newest entries cut off are noticed by what the sealer noted", arguments: TestDatabase.kinds)
  func truncated(kind: TestDatabase.Kind) async throws {
    try await withLedger(kind, entries: 6) { ledger, database in
      try await database.write { try $0.execute("DELETE FROM ledger_entries WHERE sequence > 4") }
      let result = try await ledger.verify()
      #expect(result.problems.map(\.kind) == [.truncated])
      #expect(result.problems.first?.message.contains("entry 4") == true)
    }
  }

  @Test("A chain cut off together with the sealer's note is caught by the signed checkpoint, and not sealed further")
  func truncatedWithNote() async throws {
    let checkpoint = CheckpointFile(path: try TemporaryFolder.make() + "/ledger.checkpoint")
    try await withLedger(.sqlite, entries: 6, checkpoint: checkpoint) { ledger, database in
      let before = try await ledger.verify()
      #expect(before.isIntact && before.checkpointCompared)
      try await database.write { connection in
        try connection.execute("DELETE FROM ledger_entries WHERE sequence > 4")
        try connection.execute(
          "UPDATE ledger_head SET sequence = 4, hash = (SELECT hash FROM ledger_entries WHERE sequence = 4)")
      }
      let after = try await ledger.verify()
      #expect(after.problems.map(\.kind) == [.truncated] && after.problems.first?.sequence == 6)
      try await append(7, to: database)
      let error = await #expect(throws: MartletError.self) { try await ledger.seal() }
      #expect(error?.code == .checkFailed)
    }
  }

  @Test("A checkpoint that was changed, removed, or signed by another key is not trusted")
  func checkpointChanged() async throws {
    let path = try TemporaryFolder.make() + "/ledger.checkpoint"
    try await withLedger(.sqlite, entries: 2, checkpoint: CheckpointFile(path: path)) { ledger, _ in
      let line = try String(contentsOfFile: path, encoding: .utf8)
      try line.replacing("\"sequence\":2", with: "\"sequence\":1").write(
        toFile: path, atomically: true, encoding: .utf8)
      let changed = try await ledger.verify()
      #expect(changed.problems.map(\.kind) == [.checkpoint])
      try FileManager.default.removeItem(atPath: path)
      let removed = try await ledger.verify()
      #expect(removed.problems.map(\.kind) == [.checkpoint])
      try line.write(toFile: path, atomically: true, encoding: .utf8)
      let restored = try await ledger.verify()
      #expect(restored.isIntact)
      try Data(repeating: 1, count: 32).write(to: URL(fileURLWithPath: path + ".key"))
      let otherKey = try await ledger.verify()
      #expect(otherKey.problems.map(\.kind) == [.checkpoint])
    }
  }

  @Test("The key of the checkpoint is readable by its owner only")
  func keyPermissions() async throws {
    let path = try TemporaryFolder.make() + "/ledger.checkpoint"
    try await withLedger(.sqlite, entries: 1, checkpoint: CheckpointFile(path: path)) { _, _ in
      let mode = try FileManager.default.attributesOfItem(atPath: path + ".key")[.posixPermissions] as? Int
      #expect(mode == 0o600)
    }
  }

  @Test("One flipped byte of an entry in the SQLite file names the entry")
  func flippedByte() async throws {
    let path = try TemporaryFolder.make() + "/martlet.db"
    let database = try await DatabaseOpener.open(url: "sqlite://\(path)")
    for number in 0..<6 { try await append(number, to: database) }
    try await Ledger(database: database).seal()
    await database.close()
    try flipLastByte(of: "reason number 3", inFileAt: path)
    let reopened = try await DatabaseOpener.open(url: "sqlite://\(path)")
    let result = try await Ledger(database: reopened).verify()
    #expect(result.problems.map(\.kind) == [.changed])
    #expect(result.problems.first?.message.contains("entry 4 ('run.created' of 'endpoint:p/e0'") == true)
    await reopened.close()
  }
}

/// Flips a bit wherever `text` stands: in the entry's row, and in copies of it that SQLite left in free space.
private func flipLastByte(of text: String, inFileAt path: String) throws {
  var data = try Data(contentsOf: URL(fileURLWithPath: path))
  while let place = data.range(of: Data(text.utf8)) { data[place.upperBound - 1] ^= 1 }
  try data.write(to: URL(fileURLWithPath: path))
}
