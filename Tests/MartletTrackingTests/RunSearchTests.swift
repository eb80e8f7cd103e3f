import Foundation
import MartletCore
import MartletTesting
import MartletTracking
import Testing

@Suite("Searching runs")
struct RunSearchTests {
  @Test("Every search of the script finds what the script says", arguments: TestDatabase.kinds)
  func script(kind: TestDatabase.Kind) async throws {
    let tracker = ExperimentTracker(database: try await kind.open())
    let experiment = try await tracker.createExperiment(named: "script", by: .martlet)
    let script = try TestScript(named: "run-search")
    for statement in script.statements { try await log(statement, to: experiment, tracker) }
    for question in script.questions {
      let halves = question.text.components(separatedBy: "order:")
      let orders =
        halves.count > 1 ? halves[1].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } : []
      let found = try await tracker.searchRuns(
        RunQuery(
          experiments: [experiment], filter: halves[0].trimmingCharacters(in: .whitespaces), orderBy: orders))
      let names = found.items.map(\.info.name)
      let expected = question.answer.replacing("(in any order where equal)", with: "").split(separator: " ").map(
        String.init)
      if question.answer == "(none)" {
        #expect(names.isEmpty, "line \(question.line): \(question.text) found \(names)")
      } else if question.answer.contains("in any order") {
        #expect(Set(names) == Set(expected), "line \(question.line): \(question.text)")
      } else {
        #expect(names == expected, "line \(question.line): \(question.text)")
      }
    }
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
