import MartletCore
import MartletStore
import MartletTesting
import Testing

@testable import MartletTracking

@Suite("Ways to find runs")
struct RunSearchPlanTests {
  @Test("Every way finds the same runs in the same order, whatever is asked", arguments: TestDatabase.kinds)
  func equivalence(kind: TestDatabase.Kind) async throws {
    let tracker = ExperimentTracker(database: try await kind.open())
    var chance = SeededNumbers(seed: 11)
    var experiments: [ExperimentID] = []
    for number in 0..<3 {
      experiments.append(try await tracker.createExperiment(named: "e\(number)", by: .martlet))
    }
    for number in 0..<120 { try await logRandomRun(number, experiments, tracker, &chance) }
    for _ in 0..<150 {
      let query = Self.randomQuery(experiments, &chance)
      let found = try await tracker.rowsByEveryPlan(query)
      let scanned = try #require(found.first).rows.map(\.number)
      for (how, rows) in found { #expect(rows.map(\.number) == scanned, "\(how): \(query)") }
      let chosen = try await tracker.searchRuns(query).items.map(\.id)
      #expect(chosen == found[0].rows.map(\.info.id), "chosen: \(query)")
    }
  }

  private func logRandomRun(
    _ number: Int, _ experiments: [ExperimentID], _ tracker: ExperimentTracker, _ chance: inout SeededNumbers
  ) async throws {
    let experiment = experiments[Int.random(in: 0..<3, using: &chance)]
    let run = try await tracker.createRun(
      NewRun(experiment: experiment, name: "run-\(number)", startTime: Int64.random(in: 0..<30, using: &chance)),
      by: .martlet)
    let values = [0, 1, 2, 3, -1.5, .nan, .infinity, -.infinity]
    let metrics = ["x", "y"].compactMap { key in
      Bool.random(using: &chance)
        ? Metric(key: key, value: values.randomElement(using: &chance) ?? 0, timestamp: 1) : nil
    }
    let team = ["red", "blue"].randomElement(using: &chance) ?? ""
    try await tracker.logBatch(
      run.id, metrics: metrics, params: [KeyValue("p", "\(number % 7)")], tags: [KeyValue("team", team)])
    if number % 9 == 0 { try await tracker.deleteRun(run.id, by: .martlet) }
  }

  private static func randomQuery(_ experiments: [ExperimentID], _ chance: inout SeededNumbers) -> RunQuery {
    let filters = [
      "metrics.x > 0", "metrics.x <= 1", "metrics.x != 2", "metrics.y = 1", "params.p = '3'", "tags.team = 'red'",
      "metrics.y < 2.5", "start_time > 10", "tags.none IS NULL", "params.p LIKE '5%'",
    ]
    let orders = ["metrics.x", "metrics.y", "start_time", "params.p", "run_name", "tags.none"].shuffled(using: &chance)
    let chosen = filters.shuffled(using: &chance).prefix(Int.random(in: 0...2, using: &chance))
    let asked = Int.random(in: 1...3, using: &chance)
    let offset = Int.random(in: 0...6, using: &chance) * Int.random(in: 0...8, using: &chance)
    return RunQuery(
      experiments: Array(experiments.shuffled(using: &chance).prefix(asked)),
      filter: chosen.joined(separator: " AND "),
      view: [LifecycleView.active, .active, .deleted, .all].randomElement(using: &chance) ?? .active,
      orderBy: orders.prefix(Int.random(in: 0...2, using: &chance)).map {
        "\($0) \(Bool.random(using: &chance) ? "ASC" : "DESC")"
      },
      limit: [1, 3, 10, 200].randomElement(using: &chance) ?? 10,
      pageToken: offset > 0 ? PageToken(offset: offset).text : nil)
  }

  @Test("A search over thousands of experiments finds what is in each of them", arguments: TestDatabase.kinds)
  func manyExperiments(kind: TestDatabase.Kind) async throws {
    let database = try await kind.open()
    let tracker = ExperimentTracker(database: database)
    let count = 40_000
    try await database.write { connection in
      try connection.execute(
        """
        INSERT INTO experiments (name, artifact_location, lifecycle, creation_time, last_update_time)
        WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < \(count))
        SELECT 'e' || x, 'mlflow-artifacts:/e' || x, 'active', x, x FROM n
        """)
    }
    let all = try await tracker.experimentIDs()
    #expect(all.count == count + 1)
    for (number, experiment) in [all[1], all[2000], all[count]].enumerated() {
      let run = try await tracker.createRun(
        NewRun(experiment: experiment, name: "run-\(number)", startTime: Int64(number)), by: .martlet)
      try await tracker.logMetric(Metric(key: "x", value: Double(number), timestamp: 1), to: run.id)
    }
    // Few enough to walk, and too many.
    for asked in [Array(all[1...2001] + all.suffix(1)), all] {
      for (filter, order) in [(nil, []), (nil, ["metrics.x DESC"]), ("metrics.x >= 0", ["run_name DESC"])] {
        let first = try await tracker.searchRuns(
          RunQuery(experiments: asked, filter: filter, orderBy: order, limit: 2))
        #expect(first.items.map(\.info.name) == ["run-2", "run-1"])
        let rest = try await tracker.searchRuns(
          RunQuery(experiments: asked, filter: filter, orderBy: order, limit: 2, pageToken: first.nextToken))
        #expect(rest.items.map(\.info.name) == ["run-0"] && rest.nextToken == nil)
      }
      #expect(try await tracker.countRuns(experiments: asked) == 3)
    }
    await database.close()
  }

  // MARK: Indexes

  @Test(
    "A search within an experiment walks an index in its order, and looks at nothing else",
    arguments: [
      ("", [], "runs_by_start"), ("metrics.x > 0.5", ["start_time ASC"], "runs_by_start"),
      ("metrics.x > 0.5", ["metrics.y DESC"], "latest_metrics_by_value"),
      ("metrics.x > 0.5", ["metrics.x ASC", "params.p"], "latest_metrics_by_value"),
      ("tags.a = 'b' AND params.p != 'c'", ["metrics.y"], "latest_metrics_by_value"),
    ] as [(String, [String], String)])
  func walks(filter: String, orders: [String], index: String) async throws {
    let database = try await TestDatabase.Kind.sqlite.open()
    let search = RunSearch(
      try RunSearch.grammar.parse(filter), orders: try RunSearch.grammar.parseOrders(orders), experiments: [0],
      limit: 101)
    let walk = try #require(RunWalk(for: search))
    let plan = try await explain(
      search.walked(walk, RunSearch.Segment(experiment: 0, lifecycles: .active), in: .sqlite), database)
    #expect(plan.first?.contains("USING") == true && plan.first?.contains(index) == true, "\(plan)")
    #expect(!plan.contains { $0.hasPrefix("SCAN") || $0 == "USE TEMP B-TREE FOR ORDER BY" }, "\(plan)")
  }

  @Test(
    "A filter that few runs pass is looked up by its own index",
    arguments: [
      ("metrics.x > 0.5", "latest_metrics_by_value"), ("params.p = 'a'", "params_by_value"),
      ("tags.t = 'a'", "run_tags_by_value"),
    ])
  func matches(filter: String, index: String) async throws {
    let database = try await TestDatabase.Kind.sqlite.open()
    let search = RunSearch(
      try RunSearch.grammar.parse(filter), orders: try RunSearch.grammar.parseOrders(["run_name"]),
      experiments: [0, 1], limit: 101)
    let driver = try #require(search.drivers(in: .sqlite).first)
    let plan = try await explain(search.matching(driver, in: .sqlite), database)
    #expect(plan.first?.contains(index) == true, "\(plan)")
    #expect(!plan.contains { $0.hasPrefix("SCAN") }, "\(plan)")
  }

  @Test("A clause that names runs is left to their ids; an order that no index has is not walked")
  func noWalk() async throws {
    let database = try await TestDatabase.Kind.sqlite.open()
    let named = RunSearch(
      try RunSearch.grammar.parse("run_id = 'a'"), orders: [], experiments: [0], limit: 10)
    let plan = try await database.read { connection in
      if case .scan = try RunSearchPlan(for: named, in: connection) { "scan" } else { "another" }
    }
    #expect(plan == "scan")
    let byName = RunSearch(orders: try RunSearch.grammar.parseOrders(["run_name"]), experiments: [0], limit: 10)
    #expect(RunWalk(for: byName) == nil)
    let far = RunSearch(experiments: [0, 1], limit: 10, page: PageToken(offset: 100_000))
    #expect(RunWalk(for: far) == nil)
  }

  private func explain(_ statement: SQLFragment, _ database: any Database) async throws -> [String] {
    try await database.read { connection in
      try connection.rows("EXPLAIN QUERY PLAN " + statement.sql, statement.arguments) { try $0.text(3) }
    }
  }
}

extension ExperimentTracker {
  /// What each way to find the runs of a query finds, by its name; the scan first.
  func rowsByEveryPlan(_ query: RunQuery) async throws -> [(how: String, rows: [RunStore.Row])] {
    let clauses = try RunSearch.grammar.parse(query.filter)
    let orders = try RunSearch.grammar.parseOrders(query.orderBy)
    let search = RunSearch(
      clauses, orders: orders, experiments: try query.experiments.map(ExperimentStore.number), view: query.view,
      limit: query.limit, page: try PageToken(query.pageToken))
    return try await database.read { connection in
      var plans: [(String, RunSearchPlan)] = [("scan", .scan)]
      if let walk = RunWalk(for: search) { plans.append(("\(walk)", .walk(walk))) }
      plans += search.drivers(in: connection.dialect).map { ("by \(search.clauses[$0.clause])", .matches($0)) }
      return try plans.map { ($0.0, try search.rows(by: $0.1, in: connection)) }
    }
  }
}

/// Numbers that are the same in every run (SplitMix64).
private struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
