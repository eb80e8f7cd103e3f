import MartletCore
import MartletLedger
import MartletStore
import MartletTesting
import Testing

@testable import MartletMonitoring

private let june = Timestamp(year: 2013, month: 6, day: 1)
private let ada = Author(name: "ada", role: "devops")

@Suite("Alerts") struct AlertStoreTests {
  private static func with(_ kind: TestDatabase.Kind, _ body: (AlertStore, Ledger) async throws -> Void) async throws {
    let database = try await kind.open()
    do {
      try await body(AlertStore(database: database), Ledger(database: database))
    } catch {
      await database.close()
      throw error
    }
    await database.close()
  }

  private static func raise(_ store: AlertStore, _ key: String = "k", after seconds: Int = 0) async throws -> Alert {
    try await store.raise(
      project: "tiny", subject: "endpoint:tiny", kind: "drift", severity: .warn, owner: "ops",
      reason: "reason \(seconds)", key: key, at: june + .seconds(seconds))
  }

  @Test(
    "The same thing again is counted, also when somebody is on it; resolved, it is a new alert",
    arguments: TestDatabase.kinds)
  func deduplicated(kind: TestDatabase.Kind) async throws {
    try await Self.with(kind) { store, ledger in
      let first = try await Self.raise(store)
      let second = try await Self.raise(store, after: 60)
      #expect(second.id == first.id && second.occurrences == 2 && second.lastAt == june + .seconds(60))
      _ = try await store.move(first.id, to: .acknowledged, reason: nil, by: ada, at: june)
      #expect(try await Self.raise(store, after: 120).occurrences == 3)
      _ = try await store.move(first.id, to: .resolved, reason: "fixed", by: ada, at: june)
      let third = try await Self.raise(store, after: 180)
      #expect(third.id != first.id && third.occurrences == 1 && third.state == .open)
      let raised = try await ledger.entries(matching: LedgerFilter(actions: ["alert.raised"])).items
      #expect(
        raised.map(\.entry.object) == ["alert:\(third.id)", "alert:\(first.id)"],
        "one entry for each alert, not for each occurrence")
    }
  }

  @Test(
    "Acknowledging and resolving are kept with who and why; the same again changes nothing",
    arguments: TestDatabase.kinds)
  func moves(kind: TestDatabase.Kind) async throws {
    try await Self.with(kind) { store, ledger in
      let alert = try await Self.raise(store)
      let seen = try await store.move(alert.id, to: .acknowledged, reason: "on it", by: ada, at: june)
      #expect(seen.state == .acknowledged && seen.acknowledgedBy == "ada")
      _ = try await store.move(alert.id, to: .acknowledged, reason: "again", by: .martlet, at: june)
      #expect(try await store.alert(alert.id).acknowledgedBy == "ada")
      let over = try await store.move(alert.id, to: .resolved, reason: "fixed", by: .martlet, at: june)
      #expect(over.state == .resolved && over.acknowledgedBy == "ada")
      let error = await #expect(throws: MartletError.self) {
        try await store.move(alert.id, to: .acknowledged, reason: nil, by: ada, at: june)
      }
      #expect(error?.code == .conflict)
      let entries = try await ledger.entries(matching: LedgerFilter(newestFirst: false)).items
      #expect(entries.map(\.entry.action) == ["alert.raised", "alert.acknowledged", "alert.resolved"])
      #expect(entries.map(\.entry.reason) == ["reason 0", "on it", "fixed"])
      #expect(try await store.alerts(openOnly: true).isEmpty)
      #expect(try await store.alerts().count == 1)
    }
  }

  @Test("The beginning of an id is enough when it is of one alert only", arguments: TestDatabase.kinds)
  func prefixes(kind: TestDatabase.Kind) async throws {
    try await Self.with(kind) { store, _ in
      let alert = try await Self.raise(store)
      #expect(try await store.alert(AlertID(String(alert.id.text.prefix(8)))).id == alert.id)
      for wrong in ["", "abc", "zzzz", "%", alert.id.text + "0"] {
        let error = await #expect(throws: MartletError.self, "\(wrong)") { try await store.alert(AlertID(wrong)) }
        #expect(error?.code == .notFound)
      }
      // Some two of 60 random ids share their first hexadecimal digit; with four digits only the whole is unique.
      var ids = [alert.id.text]
      for number in 0..<400 { ids.append(try await Self.raise(store, "k\(number)").id.text) }
      let shared = Dictionary(grouping: ids) { $0.prefix(4) }.first { $0.value.count > 1 }
      if let shared {
        let error = await #expect(throws: MartletError.self) { try await store.alert(AlertID(String(shared.key))) }
        #expect(error?.code == .conflict)
      }
    }
  }
}
