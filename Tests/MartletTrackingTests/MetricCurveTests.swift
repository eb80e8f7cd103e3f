import MartletCore
import MartletTesting
import MartletTracking
import Testing

@Suite("Curves of metrics")
struct MetricCurveTests {
  private func run(_ kind: TestDatabase.Kind) async throws -> (ExperimentTracker, RunID) {
    let tracker = ExperimentTracker(database: try await kind.open())
    let run = try await tracker.createRun(NewRun(experiment: ExperimentTracker.defaultExperiment), by: .martlet)
    return (tracker, run.id)
  }

  private func log(_ points: [Metric], to run: RunID, _ tracker: ExperimentTracker) async throws {
    for start in stride(from: 0, to: points.count, by: 1000) {
      try await tracker.logBatch(run, metrics: Array(points[start..<min(start + 1000, points.count)]))
    }
  }

  @Test("A short series comes as it is, in order of its steps, with NaN as a gap", arguments: TestDatabase.kinds)
  func short(kind: TestDatabase.Kind) async throws {
    let (tracker, run) = try await run(kind)
    let values: [(Int64, Double)] = [(2, .nan), (0, 1.5), (1, .infinity), (3, -2)]
    try await log(values.map { Metric(key: "loss", value: $1, timestamp: 10 - $0, step: $0) }, to: run, tracker)
    let curve = try await tracker.metricCurve(run, key: "loss", parts: 1)
    #expect(curve.isExact)
    #expect(curve.parts.map(\.firstStep) == [0, 1, 2, 3])
    #expect(curve.parts.map(\.mean) == [1.5, .infinity, nil, -2])
    #expect(curve.parts.map(\.missing) == [0, 0, 1, 0])
    #expect(try await tracker.metricCurve(run, key: "absent").parts.isEmpty)
    await #expect(throws: MartletError.self) { try await tracker.metricCurve("nope", key: "loss") }
  }

  @Test(
    "A long series comes in few parts that hold every point and every spike", arguments: TestDatabase.kinds,
    [true, false])
  func long(kind: TestDatabase.Kind, atOneMoment: Bool) async throws {
    let (tracker, run) = try await run(kind)
    let points = (0..<5000).map { (step: Int) -> Metric in
      let value = step == 3210 ? 1e6 : step == 1234 ? Double.nan : Double(step % 7)
      return Metric(key: "loss", value: value, timestamp: atOneMoment ? 5 : Int64(step) * 10, step: Int64(step))
    }
    try await log(points, to: run, tracker)
    let curve = try await tracker.metricCurve(run, key: "loss", parts: 100)
    #expect(curve.parts.count <= 100)
    #expect(curve.parts.count > 50)
    #expect(curve.points == 5000)
    #expect(curve.parts.map(\.missing).reduce(0, +) == 1)
    let spike = try #require(curve.parts.first { $0.high == 1e6 })
    #expect(spike.firstStep <= 3210 && 3210 <= spike.lastStep)
    #expect(curve.parts.allSatisfy { $0.low == 0 })
    for (part, next) in zip(curve.parts, curve.parts.dropFirst()) { #expect(part.lastStep + 1 == next.firstStep) }
    let first = curve.parts[0]
    let inFirst = points.filter { (first.firstStep...first.lastStep).contains($0.step) }.map(\.value)
    let mean = inFirst.reduce(0, +) / Double(first.count)
    #expect(abs((first.mean ?? 0) - mean) < 1e-9)
  }

  @Test("A window of steps is looked at closer, up to single points", arguments: TestDatabase.kinds)
  func window(kind: TestDatabase.Kind) async throws {
    let (tracker, run) = try await run(kind)
    try await log(
      (0..<3000).map { Metric(key: "loss", value: Double($0), timestamp: Int64($0), step: Int64($0)) }, to: run, tracker
    )
    let near = try await tracker.metricCurve(run, key: "loss", steps: 1000...1999, parts: 50)
    #expect(near.points == 1000)
    #expect(near.parts.count == 50)
    #expect(near.parts.first?.low == 1000)
    #expect(near.parts.last?.high == 1999)
    let exact = try await tracker.metricCurve(run, key: "loss", steps: 10...19, parts: 50)
    #expect(exact.parts.compactMap(\.mean) == (10...19).map(Double.init))
    #expect(try await tracker.metricCurve(run, key: "loss", steps: 5000...6000).parts.isEmpty)
  }

  @Test("The largest numbers, infinities and the furthest steps are put together too", arguments: TestDatabase.kinds)
  func extremes(kind: TestDatabase.Kind) async throws {
    let (tracker, run) = try await run(kind)
    let values = [Double.greatestFiniteMagnitude, .infinity, -.infinity, -Double.greatestFiniteMagnitude, 1, 2]
    let steps: [Int64] = [.min, .max, 0, 1, 2, 3]
    try await log(
      (0..<6).map { Metric(key: "x", value: values[$0], timestamp: Int64($0), step: steps[$0]) }, to: run, tracker)
    let curve = try await tracker.metricCurve(run, key: "x", parts: 1)
    #expect(curve.parts.count == 1)
    #expect(curve.parts.first?.low == -.infinity)
    #expect(curve.parts.first?.high == .infinity)
    #expect(curve.parts.first?.mean == 1.5)
    #expect(curve.parts.first?.firstStep == .min)
    #expect(try await tracker.metricCurve(run, key: "x", steps: .min...0, parts: 1).points == 2)
  }

  @Test("Metrics with a course are told from single values", arguments: TestDatabase.kinds)
  func courses(kind: TestDatabase.Kind) async throws {
    let (tracker, run) = try await run(kind)
    try await log(
      [
        Metric(key: "once", value: 1, timestamp: 1), Metric(key: "twice", value: 1, timestamp: 1),
        Metric(key: "twice", value: 2, timestamp: 2, step: 1),
      ], to: run, tracker)
    #expect(try await tracker.metricsWithCourse(of: run) == ["twice"])
    let curves = try await tracker.metricCurves(run, keys: ["twice", "once", "absent"])
    #expect(curves.map(\.points) == [2, 1, 0])
    #expect(try await tracker.metricCurves(of: [run, run], key: "twice", parts: 10).map(\.points) == [2, 2])
  }
}
