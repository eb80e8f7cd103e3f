import MartletCore
import MartletTesting
import MartletTracking
import Testing

@Suite("Experiments and runs")
struct ExperimentTrackerTests {
  private func tracker(_ kind: TestDatabase.Kind) async throws -> ExperimentTracker {
    ExperimentTracker(database: try await kind.open(), clock: .fixed(Timestamp(milliseconds: 1_700_000_000_000)))
  }

  @Test("The default experiment is there from the start", arguments: TestDatabase.kinds)
  func defaultExperiment(kind: TestDatabase.Kind) async throws {
    let experiment = try await tracker(kind).experiment(ExperimentTracker.defaultExperiment)
    #expect(experiment.name == "Default")
    #expect(experiment.artifactLocation == "mlflow-artifacts:/0")
  }

  @Test("A name is taken once, also by a deleted experiment", arguments: TestDatabase.kinds)
  func experimentNames(kind: TestDatabase.Kind) async throws {
    let tracker = try await tracker(kind)
    let id = try await tracker.createExperiment(named: "flights", tags: [KeyValue("a", "1")], by: .martlet)
    #expect(try await tracker.experiment(id).tags == [KeyValue("a", "1")])
    #expect(try await tracker.experiment(id).artifactLocation == "mlflow-artifacts:/\(id)")
    try await tracker.deleteExperiment(id, by: .martlet)
    await #expect(throws: MartletError(.alreadyExists, "Experiment(name=flights) already exists.")) {
      try await tracker.createExperiment(named: "flights", by: .martlet)
    }
    #expect(try await tracker.ensureExperiment(of: "flights", by: .martlet) { _, _ in } == id)
    #expect(try await tracker.experiment(id).lifecycle == .active)
  }

  @Test(
    "An artifact location outside the server's own is refused",
    arguments: [
      "/etc", "file:///etc", "s3://bucket/x", "mlflow-artifacts:/../x", "mlflow-artifacts:/registry/x", "ftp:x",
    ])
  func foreignArtifactLocation(location: String) async throws {
    let tracker = try await tracker(.sqlite)
    await #expect(throws: MartletError.self) {
      try await tracker.createExperiment(named: "x", artifactLocation: location, by: .martlet)
    }
  }

  @Test("What was logged is what is read", arguments: TestDatabase.kinds)
  func readsWhatWasLogged(kind: TestDatabase.Kind) async throws {
    let tracker = try await tracker(kind)
    let run = try await tracker.createRun(
      NewRun(experiment: "0", name: "first", user: "ann", startTime: 5, tags: [KeyValue("k", "v")]), by: .martlet)
    let values = [0.1, -0.0, .leastNonzeroMagnitude, 1.7976931348623157e308, .infinity, -.infinity, 1.0 / 3]
    for (step, value) in values.enumerated() {
      try await tracker.logMetric(Metric(key: "m", value: value, timestamp: 10, step: Int64(step)), to: run.id)
    }
    try await tracker.logMetric(Metric(key: "nan", value: .nan, timestamp: 0), to: run.id)
    let long = String(repeating: "é", count: 20_000)
    try await tracker.logParam(KeyValue("p/ä b", long), to: run.id)
    let read = try await tracker.run(run.id)
    #expect(try await tracker.metricHistory(run.id, key: "m").items.map(\.value) == values)
    #expect(read.metric("m") == 1.0 / 3)
    #expect(read.metric("nan")?.isNaN == true)
    #expect(read.param("p/ä b") == long)
    #expect(read.tags == [KeyValue("k", "v"), KeyValue("mlflow.runName", "first")])
    #expect(read.info.startTime == 5)
    #expect(read.info.user == "ann")
    #expect(read.info.artifactURI == "mlflow-artifacts:/0/\(run.id)/artifacts")
  }

  @Test(
    "The latest value has the greatest step, then time, then value, whatever came last", arguments: TestDatabase.kinds)
  func latestValue(kind: TestDatabase.Kind) async throws {
    let tracker = try await tracker(kind)
    let run = try await tracker.createRun(NewRun(experiment: "0"), by: .martlet)
    try await tracker.logBatch(
      run.id,
      metrics: [
        Metric(key: "m", value: 1, timestamp: 9, step: 2), Metric(key: "m", value: 7, timestamp: 10, step: 2),
        Metric(key: "m", value: 3, timestamp: 99, step: 1),
      ])
    try await tracker.logMetric(Metric(key: "m", value: 5, timestamp: 100, step: 1), to: run.id)
    #expect(try await tracker.run(run.id).metric("m") == 7)
  }

  @Test("A point logged twice is one point", arguments: TestDatabase.kinds)
  func repeatedPoint(kind: TestDatabase.Kind) async throws {
    let tracker = try await tracker(kind)
    let run = try await tracker.createRun(NewRun(experiment: "0"), by: .martlet)
    let points = [Metric(key: "m", value: 1, timestamp: 1), Metric(key: "m", value: .nan, timestamp: 1)]
    try await tracker.logBatch(run.id, metrics: points + points)
    try await tracker.logBatch(run.id, metrics: points)
    #expect(try await tracker.metricHistory(run.id, key: "m").items.count == 2)
  }

  @Test("Of a batch of any length each point is kept, and each repeated one once", arguments: TestDatabase.kinds)
  func batchLengths(kind: TestDatabase.Kind) async throws {
    let tracker = try await tracker(kind)
    for length in [1, 9, 10, 11, 99, 100, 123, 1000] {
      let run = try await tracker.createRun(NewRun(experiment: "0"), by: .martlet)
      let points = (0..<length).map { Metric(key: "m", value: 0.5, timestamp: Int64($0), step: Int64($0)) }
      try await tracker.logBatch(run.id, metrics: points)
      try await tracker.logBatch(run.id, metrics: points.suffix(10) + [Metric(key: "m", value: 1, timestamp: 5000)])
      #expect(try await tracker.metricHistory(run.id, key: "m").items.dropLast() == points[...])
      let params = (0..<min(length, 100)).map { KeyValue("p\($0)", "\($0)") }
      try await tracker.logBatch(run.id, params: params)
      try await tracker.logBatch(run.id, params: params)
      #expect(Set(try await tracker.run(run.id).params) == Set(params))
    }
  }

  @Test("A parameter never changes, and the error names both values", arguments: TestDatabase.kinds)
  func immutableParams(kind: TestDatabase.Kind) async throws {
    let tracker = try await tracker(kind)
    let run = try await tracker.createRun(NewRun(experiment: "0"), by: .martlet)
    try await tracker.logParam(KeyValue("p", "1"), to: run.id)
    try await tracker.logParam(KeyValue("p", "1"), to: run.id)
    await #expect {
      try await tracker.logParam(KeyValue("p", "2"), to: run.id)
    } throws: { error in
      "\(error)".contains("Param with key='p' was already logged with value='1'") && "\(error)".contains("'2'")
    }
  }

  @Test("A batch with one wrong part leaves nothing", arguments: TestDatabase.kinds)
  func wholeBatchOrNothing(kind: TestDatabase.Kind) async throws {
    let tracker = try await tracker(kind)
    let run = try await tracker.createRun(NewRun(experiment: "0"), by: .martlet)
    try await tracker.logParam(KeyValue("p", "1"), to: run.id)
    await #expect(throws: MartletError.self) {
      try await tracker.logBatch(
        run.id, metrics: [Metric(key: "m", value: 1, timestamp: 1)], params: [KeyValue("q", "1"), KeyValue("p", "2")],
        tags: [KeyValue("t", "1")])
    }
    let read = try await tracker.run(run.id)
    #expect(read.metrics.isEmpty)
    #expect(read.params == [KeyValue("p", "1")])
    #expect(read.tag("t") == nil)
  }

  @Test("Nothing is written to a deleted run, until it is restored", arguments: TestDatabase.kinds)
  func deletedRun(kind: TestDatabase.Kind) async throws {
    let tracker = try await tracker(kind)
    let run = try await tracker.createRun(NewRun(experiment: "0"), by: .martlet)
    try await tracker.deleteRun(run.id, by: .martlet)
    await #expect(throws: MartletError.self) { try await tracker.logParam(KeyValue("p", "1"), to: run.id) }
    await #expect(throws: MartletError.self) { try await tracker.setTag(KeyValue("p", "1"), on: run.id) }
    await #expect(throws: MartletError.self) {
      try await tracker.logMetric(Metric(key: "m", value: 1, timestamp: 1), to: run.id)
    }
    try await tracker.restoreRun(run.id, by: .martlet)
    try await tracker.logParam(KeyValue("p", "1"), to: run.id)
  }

  @Test("Naming a run by its tag or by an update is the same thing", arguments: TestDatabase.kinds)
  func runNames(kind: TestDatabase.Kind) async throws {
    let tracker = try await tracker(kind)
    let run = try await tracker.createRun(NewRun(experiment: "0"), by: .martlet)
    #expect(!run.info.name.isEmpty)
    try await tracker.setTag(KeyValue("mlflow.runName", "tagged"), on: run.id)
    #expect(try await tracker.run(run.id).info.name == "tagged")
    _ = try await tracker.updateRun(run.id, status: .finished, endTime: 9, name: "updated", by: .martlet)
    let read = try await tracker.run(run.id)
    #expect(read.tag("mlflow.runName") == "updated")
    #expect(read.info.status == .finished)
    #expect(read.info.endTime == 9)
    await #expect(throws: MartletError.self) {
      try await tracker.createRun(
        NewRun(experiment: "0", name: "a", tags: [KeyValue("mlflow.runName", "b")]), by: .martlet)
    }
  }

  @Test("A series is read in pages, in order of time", arguments: TestDatabase.kinds)
  func historyPages(kind: TestDatabase.Kind) async throws {
    let tracker = try await tracker(kind)
    let run = try await tracker.createRun(NewRun(experiment: "0"), by: .martlet)
    let points = (0..<1000).map { Metric(key: "m", value: Double($0), timestamp: Int64(2000 - $0), step: Int64($0)) }
    try await tracker.logBatch(run.id, metrics: points)
    let first = try await tracker.metricHistory(run.id, key: "m", limit: 600)
    let second = try await tracker.metricHistory(run.id, key: "m", limit: 600, pageToken: first.nextToken)
    #expect(first.items + second.items == points.reversed())
    #expect(second.nextToken == nil)
    #expect(try await tracker.metricSeries(run.id, key: "m", limit: 11).map(\.step).first == 0)
    #expect(try await tracker.metricSeries(run.id, key: "m", steps: 5...7).map(\.value) == [5, 6, 7])
  }

  @Test(
    "Keys that are not plain are refused",
    arguments: ["", "../a", "a//b", "/a", "a/../b", ".", "a\nb", "a'b", "a\"b", "a;b"])
  func wrongKeys(key: String) async throws {
    let tracker = try await tracker(.sqlite)
    let run = try await tracker.createRun(NewRun(experiment: "0"), by: .martlet)
    await #expect(throws: MartletError.self) { try await tracker.logParam(KeyValue(key, "1"), to: run.id) }
    await #expect(throws: MartletError.self) {
      try await tracker.logMetric(Metric(key: key, value: 1, timestamp: 1), to: run.id)
    }
  }

  @Test("Values longer than 64 KiB are refused whole, not cut")
  func tooLong() async throws {
    let tracker = try await tracker(.sqlite)
    let run = try await tracker.createRun(NewRun(experiment: "0"), by: .martlet)
    try await tracker.logParam(KeyValue("p", String(repeating: "a", count: 65_536)), to: run.id)
    await #expect(throws: MartletError.self) {
      try await tracker.logParam(KeyValue("q", String(repeating: "a", count: 65_537)), to: run.id)
    }
  }
}
