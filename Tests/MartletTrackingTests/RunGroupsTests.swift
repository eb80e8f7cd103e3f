import MartletCore
import MartletTesting
import MartletTracking
import Testing

@Suite("Groups of runs")
struct RunGroupsTests {
  private let experiment = ExperimentTracker.defaultExperiment

  private func log(
    _ tracker: ExperimentTracker, seed: String?, _ metrics: [String: Double], tags: [KeyValue] = []
  ) async throws {
    let run = try await tracker.createRun(NewRun(experiment: experiment), by: .martlet)
    try await tracker.logBatch(
      run.id, metrics: metrics.map { Metric(key: $0.key, value: $0.value, timestamp: 1) },
      params: seed.map { [KeyValue("seed", $0)] } ?? [], tags: tags)
  }

  @Test("A group has its runs, mean, deviation of the sample, least and greatest", arguments: TestDatabase.kinds)
  func spread(kind: TestDatabase.Kind) async throws {
    let tracker = ExperimentTracker(database: try await kind.open())
    // R: mean(c(0.61, 0.64, 0.70)) = 0.65, sd = 0.04582576
    for value in [0.61, 0.64, 0.70] { try await log(tracker, seed: "1", ["auc": value, "loss": 2]) }
    for value in [0.5, .nan, .infinity] { try await log(tracker, seed: "2", ["auc": value]) }
    try await log(tracker, seed: nil, ["auc": 0.9])
    try await log(tracker, seed: "", [:])
    let found = try await tracker.groupRuns(
      experiments: [experiment], by: RunColumn(.param, "seed"), metrics: ["auc", "loss"])
    #expect(found.groups.map(\.value) == ["1", "2", "", nil])
    #expect(found.groups.map(\.runs) == [3, 3, 1, 1])
    let first = try #require(found.groups[0].metrics["auc"])
    #expect(abs(first.mean - 0.65) < 1e-12)
    #expect(abs((first.deviation ?? 0) - 0.0458257569) < 1e-9)
    #expect((first.low, first.high) == (0.61, 0.70))
    #expect(found.groups[0].metrics["loss"]?.deviation == 0)
    let second = try #require(found.groups[1].metrics["auc"])
    #expect(second.count == 1)
    #expect(second.deviation == nil)
    #expect(found.groups[2].metrics.isEmpty)
    #expect(found.groups[3].metrics["auc"]?.mean == 0.9)
    #expect(!found.isCut)
  }

  @Test(
    "A small spread around a large mean is not lost, and tiny or huge numbers are no error",
    arguments: TestDatabase.kinds)
  func precision(kind: TestDatabase.Kind) async throws {
    let tracker = ExperimentTracker(database: try await kind.open())
    for offset in [1.0, 2, 3] {
      try await log(
        tracker, seed: "1",
        ["large": 1e9 + offset, "tiny": offset * 1e-200, "huge": offset * 1e140, "beyond": offset * 1e300])
    }
    // Another group far away: most digits cancel where both are measured from one value.
    for offset in [1.0, 2, 3] { try await log(tracker, seed: "2", ["large": offset]) }
    try await log(tracker, seed: "2", [:])
    let groups = try await tracker.groupRuns(
      experiments: [experiment], by: RunColumn(.param, "seed"), metrics: ["large", "tiny", "huge", "beyond"]
    ).groups
    #expect(groups.map(\.value) == ["2", "1"])
    #expect(groups[0].metrics["large"]?.deviation == 1)
    #expect(groups[0].metrics["large"]?.count == 3)
    let group = groups[1]
    #expect(group.metrics["large"]?.deviation == 1)
    #expect(group.metrics["tiny"]?.deviation == 0)
    let huge = try #require(group.metrics["huge"]?.deviation)
    #expect(abs(huge / 1e140 - 1) < 1e-12)
    #expect(group.metrics["beyond"] == nil)
  }

  @Test(
    "Groups are of the runs that the filter finds; tags group as well; nothing else does", arguments: TestDatabase.kinds
  )
  func filtered(kind: TestDatabase.Kind) async throws {
    let tracker = ExperimentTracker(database: try await kind.open())
    for (team, auc) in [("desk", 0.6), ("desk", 0.8), ("night", 0.9)] {
      try await log(tracker, seed: "1", ["auc": auc], tags: [KeyValue("team", team)])
    }
    let found = try await tracker.groupRuns(
      experiments: [experiment], filter: "metrics.auc > 0.7", by: RunColumn(.tag, "team"), metrics: ["auc"])
    #expect(found.groups.map(\.value) == ["desk", "night"])
    #expect(found.groups.compactMap { $0.metrics["auc"]?.mean } == [0.8, 0.9])
    for column in [RunColumn(.metric, "auc"), RunColumn(.attribute, "user_id")] {
      await #expect(throws: MartletError.self) {
        try await tracker.groupRuns(experiments: [experiment], by: column, metrics: [])
      }
    }
    await #expect(throws: MartletError.self) {
      try await tracker.groupRuns(
        experiments: [experiment], by: RunColumn(.param, "seed"), metrics: (0...10).map { "m\($0)" })
    }
  }

  @Test("More groups than a table bears are cut, the largest kept", arguments: TestDatabase.kinds)
  func cut(kind: TestDatabase.Kind) async throws {
    let tracker = ExperimentTracker(database: try await kind.open())
    for number in 0..<205 { try await log(tracker, seed: "\(number)", ["auc": Double(number)]) }
    try await log(tracker, seed: "204", ["auc": 0])
    let found = try await tracker.groupRuns(experiments: [experiment], by: RunColumn(.param, "seed"), metrics: ["auc"])
    #expect(found.isCut)
    #expect(found.groups.count == 200)
    #expect(found.groups[0].value == "204")
    #expect(found.groups[0].metrics["auc"]?.mean == 102)
    #expect(found.groups.allSatisfy { $0.metrics["auc"] != nil })
  }
}
