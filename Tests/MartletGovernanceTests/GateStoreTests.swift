import MartletCore
import MartletLedger
import MartletStore
import MartletTesting
import Testing

@testable import MartletGovernance

@Suite("Judged gates") struct GateStoreTests {
  @Test("Each result is kept with its ledger entry", arguments: TestDatabase.kinds)
  func record(kind: TestDatabase.Kind) async throws {
    let database = try await kind.open()
    let store = GateStore(database: database)
    let ada = Author(name: "ada", role: "data scientist")
    let june = Timestamp(year: 2013, month: 6, day: 1)
    let facts = GateFacts(candidate: ["roc_auc": 0.7])
    let passed = try Gate.evaluate("quality", lines: ["roc_auc > 0.6"], facts: facts)
    let failed = try Gate.evaluate("quality", lines: ["roc_auc > 0.6", "roc_auc > 0.8"], facts: facts)
    try await store.record(passed, on: "model:m@1", by: ada, at: june)
    try await store.record(failed, on: "model:m@2", of: "tiny", by: ada, at: june + .seconds(60))
    #expect(try await store.records(on: "model:m@1").map(\.result) == [passed])
    #expect(try await store.latest().map(\.subject) == ["model:m@2", "model:m@1"])
    #expect(try await store.latest(failedOnly: true).map(\.result) == [failed])
    let entries = try await Ledger(database: database).entries(matching: LedgerFilter(objectPrefix: "model:")).items
    #expect(Set(entries.map(\.entry.action)) == ["gate.passed", "gate.failed"])
    let refusal = entries.first { $0.entry.action == "gate.failed" }?.entry
    #expect(refusal?.reason == "roc_auc is 0.7, not above 0.8")
    #expect(refusal?.after?["project"] == "tiny")
    #expect(refusal?.after?["lines"]?.array?.map { $0["state"] } == ["holds", "fails"])
    await database.close()
  }
}
