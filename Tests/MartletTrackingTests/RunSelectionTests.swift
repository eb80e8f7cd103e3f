import MartletCore
import MartletTesting
import MartletTracking
import Testing

@Suite("Chosen columns of runs")
struct RunSelectionTests {
  private let experiment = ExperimentTracker.defaultExperiment

  /// Three runs that agree in `engine`, differ in `depth`, and of which one alone has `extra`.
  private func tracker(_ kind: TestDatabase.Kind) async throws -> (ExperimentTracker, [RunID]) {
    let tracker = ExperimentTracker(database: try await kind.open())
    var runs: [RunID] = []
    for number in 0..<3 {
      let run = try await tracker.createRun(
        NewRun(experiment: experiment, name: "run-\(number)", startTime: Int64(number)), by: .martlet)
      try await tracker.logBatch(
        run.id,
        metrics: [
          Metric(key: "auc", value: Double(number), timestamp: 1), Metric(key: "loss", value: .nan, timestamp: 1),
        ]
          + (number == 1 ? [Metric(key: "extra", value: 1, timestamp: 1)] : []),
        params: [KeyValue("engine", "lightgbm"), KeyValue("depth", "\(number)")], tags: [KeyValue("team", "desk")])
      runs.append(run.id)
    }
    return (tracker, runs)
  }

  @Test("Only the chosen columns are read, page by page, in the order of the search", arguments: TestDatabase.kinds)
  func selecting(kind: TestDatabase.Kind) async throws {
    let (tracker, _) = try await tracker(kind)
    let query = RunQuery(experiments: [experiment], orderBy: ["metrics.auc DESC"], limit: 2)
    let columns = [
      RunColumn(.metric, "auc"), RunColumn(.metric, "loss"), RunColumn(.param, "depth"), RunColumn(.tag, "team"),
    ]
    let page = try await tracker.selectRuns(query) { usage, runs in
      #expect(runs == 2)
      #expect(usage.first { $0.column == RunColumn(.param, "engine") }?.values == 1)
      #expect(usage.first { $0.column == RunColumn(.metric, "extra") }?.runs == 1)
      return columns
    }
    #expect(page.runs.items.map(\.info.name) == ["run-2", "run-1"])
    #expect(page.runs.items[0].params == [KeyValue("depth", "2")])
    #expect(page.runs.items[0].metric("auc") == 2)
    #expect(page.runs.items[0].metric("loss")?.isNaN == true)
    #expect(page.runs.items[0].tag("team") == "desk")
    #expect(page.runs.items[0].tag("mlflow.runName") == nil)
    var next = query
    next.pageToken = page.runs.nextToken
    let rest = try await tracker.selectRuns(next) { _, _ in [] }
    #expect(rest.runs.items.map(\.info.name) == ["run-0"])
    #expect(rest.runs.nextToken == nil)
  }

  @Test("Runs are read by their ids, and one that is not there is named", arguments: TestDatabase.kinds)
  func byID(kind: TestDatabase.Kind) async throws {
    let (tracker, runs) = try await tracker(kind)
    let found = try await tracker.selectRuns([runs[2], runs[0]]) { _, _ in [RunColumn(.param, "depth")] }
    #expect(found.runs.items.map { $0.param("depth") } == ["2", "0"])
    await #expect(throws: MartletError.notFound("Run with id=nope not found")) {
      try await tracker.selectRuns([runs[0], "nope"]) { _, _ in [] }
    }
  }

  @Test("The commonest keys come first within their kind; deleted runs do not count", arguments: TestDatabase.kinds)
  func commonKeys(kind: TestDatabase.Kind) async throws {
    let (tracker, runs) = try await tracker(kind)
    let census = try await tracker.commonKeys(of: experiment)
    #expect(census.keys(.metric).map(\.column.key) == ["auc", "loss", "extra"])
    #expect(census.keys(.metric).map(\.runs) == [3, 3, 1])
    #expect(census.keys(.param).map(\.column.key) == ["depth", "engine"])
    #expect(census.keys(.tag).map(\.column.key) == ["mlflow.runName", "team"])
    #expect(!census.isCut)
    try await tracker.deleteRun(runs[1], by: .martlet)
    #expect(try await tracker.commonKeys(of: experiment).keys(.metric).map(\.column.key) == ["auc", "loss"])
    #expect(try await tracker.runCounts(of: [experiment, "7"]) == [experiment: 2])
  }

  @Test("The runs inside a run are found by their tag, the oldest first", arguments: TestDatabase.kinds)
  func children(kind: TestDatabase.Kind) async throws {
    let (tracker, runs) = try await tracker(kind)
    for run in runs.dropFirst().reversed() {
      try await tracker.setTag(KeyValue("mlflow.parentRunId", runs[0].text), on: run)
    }
    let found = try await tracker.children(of: runs[0], limit: 10) { _, _ in [RunColumn(.param, "depth")] }
    #expect(found.runs.items.map { $0.param("depth") } == ["1", "2"])
    try await tracker.deleteRun(runs[1], by: .martlet)
    #expect(try await tracker.children(of: runs[0], limit: 10) { _, _ in [] }.runs.items.map(\.id) == [runs[2]])
    #expect(try await tracker.children(of: "nope", limit: 10) { _, _ in [] }.runs.items.isEmpty)
  }

  @Test("More keys than a chooser bears are cut, and that is said", arguments: TestDatabase.kinds)
  func manyKeys(kind: TestDatabase.Kind) async throws {
    let tracker = ExperimentTracker(database: try await kind.open())
    let run = try await tracker.createRun(NewRun(experiment: experiment), by: .martlet)
    try await tracker.logBatch(run.id, metrics: (0..<300).map { Metric(key: "m\($0)", value: 1, timestamp: 1) })
    let census = try await tracker.commonKeys(of: experiment)
    #expect(census.isCut)
    #expect(census.keys(.metric).count == 200)
  }

  @Test("Columns are written and read as filters name them, commas inside quotes included")
  func written() throws {
    let columns = try RunColumn.list(written: "metrics.auc, params.`max, depth`,tags.\"a b\", user_id")
    #expect(
      columns == [
        RunColumn(.metric, "auc"), RunColumn(.param, "max, depth"), RunColumn(.tag, "a b"),
        RunColumn(.attribute, "user_id"),
      ])
    for column in columns {
      let reference = try #require(column.reference)
      #expect(try RunColumn(written: reference) == column)
    }
    #expect(RunColumn(.tag, "`\"'").reference == nil)
    for text in ["metrics", "nonsense.x", "metrics.auc x", "attributes.colour", "metrics.`open"] {
      #expect(throws: MartletError.self) { try RunColumn.list(written: text) }
    }
    #expect(throws: MartletError.self) {
      try RunColumn.list(written: (0...60).map { "metrics.m\($0)" }.joined(separator: ","))
    }
  }
}
