import Logging
import MartletCore
import MartletLedger
import MartletStore
import MartletTesting
import Testing

@Suite("The ledger keeps every state change, in order")
struct LedgerTests {
  @Test("An entry comes back as it was told", arguments: TestDatabase.kinds)
  func roundTrip(kind: TestDatabase.Kind) async throws {
    try await withLedger(kind, entries: 1) { ledger, _ in
      let record = try #require(try await ledger.entries().items.first)
      #expect(record.entry.action == "deployment.promoted")
      #expect(record.entry.before == ["version": 0] && record.entry.after == ["version": 1])
      #expect(record.entry.reason == "reason number 0")
      #expect(record.author == someone && record.time == firstOfMay)
      #expect(record.sequence == 1 && record.hash != nil)
    }
  }

  @Test("A change that is rolled back takes its entry along", arguments: TestDatabase.kinds)
  func sameTransaction(kind: TestDatabase.Kind) async throws {
    try await withLedger(kind) { ledger, database in
      await #expect(throws: MartletError.self) {
        try await database.write { connection in
          let entry = LedgerEntry(action: "run.created", object: "run:1")
          try Ledger.append(entry, by: someone, at: firstOfMay, in: connection)
          throw MartletError(.checkFailed, "no")
        }
      }
      let items = try await ledger.entries().items
      #expect(items.isEmpty)
    }
  }

  @Test("An entry waits unsealed, and the check says how many do", arguments: TestDatabase.kinds)
  func unsealedTail(kind: TestDatabase.Kind) async throws {
    try await withLedger(kind, entries: 3) { ledger, database in
      try await append(3, to: database)
      let waiting = try await ledger.verify()
      #expect(waiting.isIntact && waiting.sealedEntries == 3 && waiting.unsealedEntries == 1)
      #expect(try await ledger.seal() == 1)
      let sealed = try await ledger.verify()
      #expect(sealed.isIntact && sealed.sealedEntries == 4 && sealed.unsealedEntries == 0)
      #expect(sealed.head?.sequence == 4)
    }
  }

  @Test("An empty ledger is intact", arguments: TestDatabase.kinds)
  func empty(kind: TestDatabase.Kind) async throws {
    try await withLedger(kind) { ledger, _ in
      let result = try await ledger.verify()
      #expect(result.isIntact && result.sealedEntries == 0 && result.head == nil)
    }
  }

  @Test(
    "Eight writers append while the sealer runs: every entry is chained exactly once", arguments: TestDatabase.kinds)
  func concurrent(kind: TestDatabase.Kind) async throws {
    try await withLedger(kind) { ledger, database in
      let sealer = Task {
        await LedgerSealer(ledger: ledger, interval: .milliseconds(1), logger: Logger(label: "test")).run()
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<8 {
          group.addTask { for number in 0..<30 { try await append(writer * 30 + number, to: database) } }
        }
        try await group.waitForAll()
      }
      sealer.cancel()
      await sealer.value
      let result = try await ledger.verify()
      #expect(result.isIntact && result.sealedEntries == 240 && result.unsealedEntries == 0)
      let records = try await ledger.sealedEntries(after: 0)
      #expect(records.map(\.sequence) == (1...240).map { Int64($0) })
      #expect(Set(records.compactMap(\.entry.reason)).count == 240)
    }
  }

  @Test("What came after the sealer's last round is sealed when it ends")
  func lastRound() async throws {
    let checkpoint = CheckpointFile(path: try TemporaryFolder.make() + "/ledger.checkpoint")
    try await withLedger(.sqlite, entries: 2, sealed: false, checkpoint: checkpoint) { ledger, database in
      let sealer = Task {
        await LedgerSealer(ledger: ledger, interval: .seconds(3600), logger: Logger(label: "test")).run()
      }
      while try await ledger.verify().unsealedEntries > 0 { await Task.yield() }
      try await append(2, to: database)
      sealer.cancel()
      await sealer.value
      let result = try await ledger.verify()
      #expect(result.isIntact && result.checkpointCompared && result.sealedEntries == 3 && result.unsealedEntries == 0)
    }
  }

  @Test("The chain of known entries has known hashes, the same in every database", arguments: TestDatabase.kinds)
  func sameHashes(kind: TestDatabase.Kind) async throws {
    try await withLedger(kind, entries: 3) { _, database in
      let hashes = try await database.read { connection in
        try connection.rows("SELECT hash FROM ledger_entries ORDER BY sequence") { try $0.text(0) }
      }
      // Computed with Python's hashlib over the canonical JSON.
      #expect(hashes == referenceHashes)
    }
  }

  @Test("Entries are found by object, action, actor and time, page by page", arguments: TestDatabase.kinds)
  func queries(kind: TestDatabase.Kind) async throws {
    try await withLedger(kind, entries: 20) { ledger, _ in
      let fifth = firstOfMay + .seconds(3600 * 5)
      let cases: [(LedgerFilter, [Int])] = [
        (LedgerFilter(object: "endpoint:p/e1"), [19, 16, 13, 10, 7, 4, 1]),
        (LedgerFilter(objectPrefix: "endpoint:p/", newestFirst: false), Array(0..<20)),
        (LedgerFilter(objectPrefix: "endpoint:q"), []),
        (LedgerFilter(actions: ["deployment.*"], until: fifth), [4, 2, 0]),
        (LedgerFilter(actions: ["deployment.*", "run.created"], until: fifth), [4, 3, 2, 1, 0]),
        (LedgerFilter(actor: "eve"), []),
        (LedgerFilter(from: fifth, until: fifth + .seconds(3600 * 3)), [7, 6, 5]),
      ]
      for (filter, expected) in cases {
        let found = try await ledger.entries(matching: filter).items
        #expect(found.map { Int(($0.time - firstOfMay).inSeconds) / 3600 } == expected)
      }
    }
  }

  @Test("Pages follow each other without a gap, in both directions", arguments: TestDatabase.kinds)
  func pages(kind: TestDatabase.Kind) async throws {
    try await withLedger(kind, entries: 10) { ledger, _ in
      for newestFirst in [true, false] {
        var ids: [Int64] = []
        var token: String?
        repeat {
          let page = try await ledger.entries(
            matching: LedgerFilter(newestFirst: newestFirst), limit: 4, after: token)
          ids += page.items.map(\.id)
          token = page.nextToken
        } while token != nil
        #expect(ids.count == 10 && ids == ids.sorted { newestFirst ? $0 > $1 : $0 < $1 })
      }
    }
  }
}
