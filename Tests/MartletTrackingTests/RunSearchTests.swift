import Foundation
import MartletCore
import MartletTesting
import Testing

@testable import MartletTracking

@Suite("Searching runs")
struct RunSearchTests {
  @Test(
    "Every search of a script finds what the script says: at once, in pages, over one experiment or several",
    arguments: TestDatabase.kinds, ["run-search", "run-order"])
  func script(kind: TestDatabase.Kind, name: String) async throws {
    let script = try TestScript(named: name)
    for count in [1, 3] {
      let tracker = ExperimentTracker(database: try await kind.open())
      var experiments: [ExperimentID] = []
      for number in 0..<count {
        experiments.append(try await tracker.createExperiment(named: "script-\(number)", by: .martlet))
      }
      for (index, statement) in script.statements.enumerated() {
        try await log(statement, to: experiments[index % count], tracker)
      }
      for question in script.questions { try await check(question, in: experiments, tracker) }
    }
  }

  private func check(
    _ question: TestScript.Question, in experiments: [ExperimentID], _ tracker: ExperimentTracker
  ) async throws {
    let halves = question.text.components(separatedBy: "order:")
    let orders = halves.count > 1 ? halves[1].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } : []
    let query = RunQuery(
      experiments: experiments, filter: halves[0].trimmingCharacters(in: .whitespaces), orderBy: orders)
    let isLoose = question.answer.contains("in any order")
    let expected =
      question.answer == "(none)"
      ? [] : question.answer.replacing("(in any order where equal)", with: "").split(separator: " ").map(String.init)
    func check(_ names: [String], _ how: String) {
      let same = isLoose ? Set(names) == Set(expected) && names.count == expected.count : names == expected
      #expect(same, "line \(question.line), \(how), \(experiments.count) experiments: \(question.text) found \(names)")
    }
    check(try await tracker.searchRuns(query).items.map(\.info.name), "at once")
    check(try await paged(query, by: 2, tracker), "in pages")
    for (how, rows) in try await tracker.rowsByEveryPlan(query) { check(rows.map(\.info.name), how) }
  }

  private func paged(_ query: RunQuery, by size: Int, _ tracker: ExperimentTracker) async throws -> [String] {
    var (query, names): (RunQuery, [String]) = (query, [])
    query.limit = size
    repeat {
      let page = try await tracker.searchRuns(query)
      names += page.items.map(\.info.name)
      query.pageToken = page.nextToken
    } while query.pageToken != nil
    return names
  }

  /// `run NAME start=… m.KEY=… p.KEY=… t.KEY=… d.FIELD=…`
  private func log(_ statement: String, to experiment: ExperimentID, _ tracker: ExperimentTracker) async throws {
    let words = statement.split(separator: " ").map(String.init)
    var fields: [(String, String)] = []
    for word in words.dropFirst(2) {
      let halves = word.split(separator: "=", maxSplits: 1).map(String.init)
      fields.append((halves[0], halves[1]))
    }
    func all(_ prefix: String) -> [(String, String)] {
      fields.filter { $0.0.hasPrefix(prefix) }.map { (String($0.0.dropFirst(2)), $0.1) }
    }
    let plain = Dictionary(fields, uniquingKeysWith: { first, _ in first })
    let run = try await tracker.createRun(
      NewRun(experiment: experiment, name: words[1], startTime: plain["start"].flatMap { Int64($0) }), by: .martlet)
    try await tracker.logBatch(
      run.id, metrics: all("m.").map { Metric(key: $0.0, value: Double($0.1) ?? 0, timestamp: 1) },
      params: all("p.").map { KeyValue($0.0, $0.1) }, tags: all("t.").map { KeyValue($0.0, $0.1) })
    if let name = plain["d.name"], let digest = plain["d.digest"], let context = plain["d.context"] {
      try await tracker.logInputs(
        run.id,
        datasets: [
          DatasetInput(
            name: name, digest: digest, sourceType: "local", source: "{}",
            tags: [KeyValue("mlflow.data.context", context)])
        ])
    }
    if let status = plain["status"].flatMap(RunStatus.init(rawValue:)) {
      _ = try await tracker.updateRun(run.id, status: status, by: .martlet)
    }
  }

  @Test("Pages follow each other without gaps or repeats, and the last has no token", arguments: TestDatabase.kinds)
  func pages(kind: TestDatabase.Kind) async throws {
    let tracker = ExperimentTracker(database: try await kind.open())
    for number in 0..<25 {
      _ = try await tracker.createRun(
        NewRun(experiment: "0", name: "run-\(number)", startTime: Int64(number)), by: .martlet)
    }
    var seen: [String] = []
    var token: String?
    repeat {
      let page = try await tracker.searchRuns(RunQuery(experiments: ["0"], limit: 10, pageToken: token))
      seen += page.items.map(\.info.name)
      token = page.nextToken
    } while token != nil
    #expect(seen == (0..<25).reversed().map { "run-\($0)" })
  }

  @Test("A token whose place is of another order, or is nonsense, counts by its offset", arguments: TestDatabase.kinds)
  func foreignPlaces(kind: TestDatabase.Kind) async throws {
    let tracker = ExperimentTracker(database: try await kind.open())
    for number in 0..<5 {
      _ = try await tracker.createRun(
        NewRun(experiment: "0", name: "run-\(number)", startTime: Int64(number)), by: .martlet)
    }
    let places: [[JSON]] = [
      [], [.integer(1), .string("x"), .boolean(true)], [.string("a"), .string("b"), .string("c")],
      [.integer(1), .string("x\u{0}"), .boolean(false)], [.integer(1)], [.array([]), .object([:]), .null],
    ]
    for place in places {
      let token = PageToken(offset: 2, after: place).text
      let page = try await tracker.searchRuns(RunQuery(experiments: ["0"], pageToken: token))
      #expect(page.items.map(\.info.name) == ["run-2", "run-1", "run-0"], "\(place)")
    }
    let place = PageToken(offset: 2, after: [.integer(3), .string(""), .boolean(false)]).text
    let behind = try await tracker.searchRuns(RunQuery(experiments: ["0"], pageToken: place))
    #expect(behind.items.map(\.info.name) == ["run-3", "run-2", "run-1", "run-0"])
  }

  @Test("A deleted run is found only where deleted runs are asked for", arguments: TestDatabase.kinds)
  func lifecycleViews(kind: TestDatabase.Kind) async throws {
    let tracker = ExperimentTracker(database: try await kind.open())
    let kept = try await tracker.createRun(NewRun(experiment: "0", name: "kept"), by: .martlet)
    let gone = try await tracker.createRun(NewRun(experiment: "0", name: "gone"), by: .martlet)
    try await tracker.deleteRun(gone.id, by: .martlet)
    func names(_ view: LifecycleView) async throws -> Set<RunID> {
      Set(try await tracker.searchRuns(RunQuery(experiments: ["0"], view: view)).items.map(\.id))
    }
    #expect(try await names(.active) == [kept.id])
    #expect(try await names(.deleted) == [gone.id])
    #expect(try await names(.all) == [kept.id, gone.id])
  }
}
