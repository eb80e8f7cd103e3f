import MartletCore
import MartletStore
import MartletTesting
import MartletTracking
import Testing

@Suite("Saved views of runs")
struct RunViewTests {
  private let experiment = ExperimentTracker.defaultExperiment
  private let ada = Author(name: "ada", role: "data scientist")

  @Test("A view is saved under a name, replaced, and deleted; the ledger says so", arguments: TestDatabase.kinds)
  func saving(kind: TestDatabase.Kind) async throws {
    let database = try await kind.open()
    let tracker = ExperimentTracker(database: database, clock: .fixed(Timestamp(milliseconds: 5000)))
    _ = try await tracker.saveView(named: "best", query: "order=metrics.auc+DESC", of: experiment, by: ada)
    _ = try await tracker.saveView(named: "best", query: "filter=x%20%3D%201", of: experiment, by: ada)
    _ = try await tracker.saveView(named: "all", query: "", of: experiment, by: ada)
    let views = try await tracker.views(of: experiment)
    #expect(views.map(\.name) == ["all", "best"])
    #expect(views[1].query == "filter=x%20%3D%201")
    #expect(views[1].savedBy == "ada")
    #expect(try await tracker.view(named: "best", of: experiment).query == views[1].query)
    try await tracker.deleteView(named: "best", of: experiment, by: ada)
    #expect(try await tracker.views(of: experiment).map(\.name) == ["all"])
    for name in ["best", "nope"] {
      await #expect(throws: MartletError.self) {
        try await tracker.deleteView(named: name, of: experiment, by: ada)
      }
      await #expect(throws: MartletError.self) { try await tracker.view(named: name, of: experiment) }
    }
    let actions = try await database.read { connection in
      try connection.rows(
        "SELECT action FROM ledger_entries WHERE object = 'experiment:0' AND action LIKE 'experiment.view%' ORDER BY 1"
      ) { try $0.text(0) }
    }
    #expect(actions == ["experiment.view.deleted"] + Array(repeating: "experiment.view.saved", count: 3))
  }

  @Test(
    "A name or a query that cannot stand in an address is refused, and nothing is saved",
    arguments: [
      ("", "a=1"), ("  ", "a=1"), ("a\nb", "a=1"), ("x", "a b"), ("x", "a=\u{e9}"), ("x", "a=1\r\nLocation: y"),
    ])
  func refused(name: String, query: String) async throws {
    let tracker = ExperimentTracker(database: try await TestDatabase.sqlite())
    await #expect(throws: MartletError.self) {
      try await tracker.saveView(named: name, query: query, of: experiment, by: ada)
    }
    await #expect(throws: MartletError.self) {
      try await tracker.saveView(named: "x", query: String(repeating: "a", count: 8001), of: experiment, by: ada)
    }
    await #expect(throws: MartletError.self) {
      try await tracker.saveView(named: "x", query: "a=1", of: "99", by: ada)
    }
    #expect(try await tracker.views(of: experiment).isEmpty)
  }

  @Test("An experiment holds so many views and no more", arguments: TestDatabase.kinds)
  func most(kind: TestDatabase.Kind) async throws {
    let tracker = ExperimentTracker(database: try await kind.open())
    for number in 0..<RunView.most {
      _ = try await tracker.saveView(named: "\(number)", query: "", of: experiment, by: ada)
    }
    await #expect(throws: MartletError.self) {
      try await tracker.saveView(named: "one more", query: "", of: experiment, by: ada)
    }
    _ = try await tracker.saveView(named: "7", query: "a=1", of: experiment, by: ada)
  }
}
