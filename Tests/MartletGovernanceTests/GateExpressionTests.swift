import MartletCore
import MartletStatistics
import Testing

@testable import MartletGovernance

/// A candidate, the champion that is live and a baseline.
private let facts = GateFacts(
  candidate: [
    "roc_auc": 0.712, "pr_auc": 0.41, "brier": 0.15, "error_rate": 0.002, "latency_p99_ms": 31, "value_per_1000": 900,
    "broken": .nan,
  ],
  champion: ["pr_auc": 0.405, "brier": 0.151, "roc_auc": 0.70], baseline: ["pr_auc": 0.30, "value_per_1000": 500],
  training: ["roc_auc": 0.75],
  slices: [
    "carrier": [
      .init(value: "UA", metrics: ["roc_auc": 0.7]), .init(value: "HA", metrics: ["roc_auc": 0.58]),
      .init(value: "OO", metrics: nil),
    ]
  ],
  intervals: ["roc_auc": Interval(estimate: 0.712, lower: 0.70, upper: 0.724, level: 0.95)],
  differences: [.champion: ["pr_auc": Interval(estimate: 0.005, lower: -0.001, upper: 0.011, level: 0.95)]],
  columns: [
    .psi: ["prediction": 0.3, "distance": 0.05], .missingRate: ["distance": 0.01, "air_time": 1.0, "prediction": 0],
  ])

@Suite("Gate lines") struct GateExpressionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var line: String
    var state: GateLineResult.State
    var why: String

    init(line: String, holds: Bool, why: String) {
      (self.line, state, self.why) = (line, holds ? .holds : .fails, why)
    }

    init(line: String, unmeasured why: String) { (self.line, state, self.why) = (line, .unmeasured, why) }

    var testDescription: String { line }
  }

  static let cases: [Case] = [
    Case(line: "roc_auc >= 0.60", holds: true, why: "roc_auc is 0.712, at least 0.6"),
    Case(line: "roc_auc >= 0.80", holds: false, why: "roc_auc is 0.712, not at least 0.8"),
    Case(line: "0.8 > roc_auc", holds: true, why: "0.8 is 0.8, above 0.712 (roc_auc)"),
    Case(
      line: "pr_auc >= baseline.pr_auc + 0.02", holds: true,
      why: "pr_auc is 0.41, at least 0.32 (baseline.pr_auc + 0.02)"),
    Case(line: "brier <= champion.brier", holds: true, why: "brier is 0.15, at most 0.151 (champion.brier)"),
    Case(
      line: "value_per_1000 > baseline.value_per_1000", holds: true,
      why: "value_per_1000 is 900, above 500 (baseline.value_per_1000)"),
    Case(
      line: "min(slice(carrier).roc_auc) >= 0.60", holds: false,
      why: "min(slice(carrier).roc_auc) (carrier HA) is 0.58, not at least 0.6"),
    Case(
      line: "max(slice(carrier).roc_auc) >= 0.60", holds: true,
      why: "max(slice(carrier).roc_auc) (carrier UA) is 0.7, at least 0.6"),
    Case(
      line: "mean(slice(carrier).roc_auc) >= 0.60", holds: true,
      why: "mean(slice(carrier).roc_auc) is 0.64, at least 0.6"),
    Case(line: "error_rate < 0.5%", holds: true, why: "error_rate is 0.2%, below 0.5%"),
    Case(
      line: "missing_rate(any feature) < 5%", holds: false,
      why: "missing_rate(any feature) (air_time) is 100%, not below 5%"),
    Case(line: "missing_rate(distance) < 5%", holds: true, why: "missing_rate(distance) is 1%, below 5%"),
    Case(line: "latency_p99_ms < 50", holds: true, why: "latency_p99_ms is 31, below 50"),
    Case(line: "psi(prediction) > 0.25", holds: true, why: "psi(prediction) is 0.3, above 0.25"),
    Case(line: "psi(any feature) > 0.25", holds: false, why: "psi(any feature) (distance) is 0.05, not above 0.25"),
    Case(
      line: "roc_auc < training.roc_auc - 0.05", holds: false,
      why: "roc_auc is 0.712, not below 0.7 (training.roc_auc - 0.05)"),
    Case(
      line: "pr_auc >= champion.pr_auc - 0.002 at 95%", holds: true,
      why: "pr_auc − champion.pr_auc lies between -0.001 and 0.011 at 95%, at least -0.002"),
    Case(
      line: "pr_auc >= champion.pr_auc + 0.002 at 95%", holds: false,
      why: "pr_auc − champion.pr_auc lies between -0.001 and 0.011 at 95%, not surely at least 0.002"),
    Case(line: "roc_auc >= 0.69 at 95%", holds: true, why: "roc_auc lies between 0.7 and 0.724 at 95%, at least 0.69"),
    Case(line: "pr_auc >= champion.pr_auc at 90%", unmeasured: "no 90% interval for pr_auc − champion.pr_auc"),
    Case(line: "brier <= champion.brier at 95%", unmeasured: "no 95% interval for brier − champion.brier"),
    Case(line: "pr_auk >= 0.1", unmeasured: "no value for pr_auk: did you mean 'pr_auc'?"),
    Case(line: "champion.ece < 1", unmeasured: "no value for champion.ece"),
    Case(line: "broken < 1", unmeasured: "no value for broken"),
    Case(line: "psi(dest) < 1", unmeasured: "no value for psi(dest)"),
    Case(line: "drift(any feature) < 1", unmeasured: "no value for drift(any feature)"),
    Case(line: "min(slice(origin).roc_auc) > 0", unmeasured: "no value for min(slice(origin).roc_auc)"),
    Case(line: "roc_auc / 0 > 1", holds: false, why: "'roc_auc / 0 > 1' has no finite value"),
    Case(line: "(roc_auc + pr_auc) * 2 >= 2.24", holds: true, why: "(roc_auc + pr_auc) * 2 is 2.244, at least 2.24"),
  ]

  @Test("A line holds or not, and says why", arguments: cases) func line(_ each: Case) throws {
    let result = try GateExpression.parse(each.line).evaluate(facts)
    #expect(result.state == each.state)
    #expect(result.explanation == each.why)
    #expect(result.text == each.line)
    #expect(result.holds == (each.state == .holds) && result.isMet == result.holds)
  }

  @Test("Lines that name the champion hold while there is none, and count as not met for an alert")
  func noChampion() throws {
    let facts = GateFacts(candidate: ["pr_auc": 0.1])
    for line in ["pr_auc >= champion.pr_auc + 0.002 at 95%", "champion.ece < 1", "pr_auc > champion.pr_auc"] {
      let result = try GateExpression.parse(line).evaluate(facts)
      #expect(result.holds && result.state == .vacuous && !result.isMet)
    }
  }

  static let refused: [(String, String)] = [
    ("", "'': at character 1: a number or a measure is expected, not the end"),
    ("roc_auc", "'roc_auc': at character 8: a comparison is expected (>=, >, <=, <), not the end"),
    ("roc_auc >= ", "'roc_auc >= ': at character 12: a number or a measure is expected, not the end"),
    ("roc_auc = 0.5", "'roc_auc = 0.5': at character 9: '=' has no meaning here"),
    ("roc_auc > 0.5 0.6", "'roc_auc > 0.5 0.6': at character 15: the line should end here, not go on with '0.6'"),
    ("roc_auc > 0.5.5", "'roc_auc > 0.5.5': at character 11: '0.5.5' is not a number"),
    (
      "champoin.roc_auc > 1",
      "'champoin.roc_auc > 1': at character 1: 'champoin' is not a model to compare with: did you mean 'champion'?; they are champion, baseline, training"
    ),
    (
      "mim(slice(a).b) > 1",
      "'mim(slice(a).b) > 1': at character 1: unknown function 'mim': did you mean 'min'?; they are min, max, mean, psi, missing_rate, unseen_rate, drift"
    ),
    ("min(roc_auc) > 1", "'min(roc_auc) > 1': at character 5: slice(COLUMN).MEASURE is expected, not 'roc_auc'"),
    (
      "roc_auc > 0.5 at 20%",
      "'roc_auc > 0.5 at 20%': at character 18: a confidence between 50% and 100% is expected, such as 95%"
    ),
    (
      "roc_auc + 1 > champion.roc_auc at 95%",
      "'roc_auc + 1 > champion.roc_auc at 95%': 'at …%' needs a measure on the left, and on the right a number or another model's same measure"
    ),
    (
      "pr_auc >= champion.roc_auc at 95%",
      "'pr_auc >= champion.roc_auc at 95%': 'at …%' needs a measure on the left, and on the right a number or another model's same measure"
    ),
  ]

  @Test("What is no line is refused, with the place", arguments: 0..<refused.count) func refuses(index: Int) {
    let (line, message) = Self.refused[index]
    let error = #expect(throws: MartletError.self) { try GateExpression.parse(line) }
    #expect(error?.message == message)
  }

  @Test("Endless nesting is refused", arguments: ["(", "-"]) func deep(sign: String) {
    #expect(throws: MartletError.self) { try GateExpression.parse(String(repeating: sign, count: 400) + "1 > 0") }
  }

  @Test("Any words give a line or an error, never a crash", arguments: 0..<50) func anyWords(seed: Int) {
    let words = [
      "roc_auc", "champion", ".", "(", ")", "+", "-", "*", "/", ">=", "<", "1", "0.5", "%", "at", "95", "min", "slice",
      "psi", "any", "feature", "!", "é",
    ]
    var state = UInt64(seed) &* 6_364_136_223_846_793_005 &+ 1
    for _ in 0..<200 {
      let line = (0..<8).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return words[Int((state >> 33) % UInt64(words.count))]
      }.joined(separator: " ")
      guard let expression = try? GateExpression.parse(line) else { continue }
      _ = expression.evaluate(facts)
    }
  }

  @Test("A line without end is refused, not evaluated one term within the other") func endless() {
    let line = String(repeating: "roc_auc + ", count: 100_000) + "1 > 0"
    #expect(throws: MartletError.self) { try GateExpression.parse(line) }
  }

  @Test("A gate judges every line, and its error names those that do not hold") func gate() throws {
    let result = try Gate.evaluate(
      "quality", lines: ["roc_auc >= 0.9", "brier <= champion.brier", "nothing > 1"], facts: facts)
    #expect(!result.passed)
    #expect(result.lines.map(\.state) == [.fails, .holds, .unmeasured])
    #expect(!result.isUndecided)
    let error = #expect(throws: MartletError.self) { try result.requirePassed() }
    #expect(error?.code == .checkFailed)
    #expect(error?.message == "the gate 'quality' refuses: 1 of 3 lines do not hold, 1 could not be measured")
    #expect(error?.cause == "roc_auc is 0.712, not at least 0.9; unmeasured: no value for nothing")
    #expect(try JSON.parse(try JSON(encoding: result).text).decode(GateResult.self) == result)
  }

  @Test("What fails stands before what was not measured, whatever the order of the lines") func order() throws {
    let result = try Gate.evaluate("live", lines: ["nothing < 50", "roc_auc >= 0.9"], facts: facts)
    #expect(result.objection == "roc_auc is 0.712, not at least 0.9; unmeasured: no value for nothing")
    #expect(result.failures.map(\.text) == ["roc_auc >= 0.9"] && result.unmeasured.map(\.text) == ["nothing < 50"])
  }

  @Test("A gate with lines that are not measured does not pass, and is undecided where nothing fails")
  func undecided() throws {
    let result = try Gate.evaluate("live", lines: ["roc_auc >= 0.6", "nothing < 50"], facts: facts)
    #expect(!result.passed && result.isUndecided && result.failures.isEmpty)
    let error = #expect(throws: MartletError.self) { try result.requirePassed() }
    #expect(error?.message == "the gate 'live' refuses: 1 of 2 lines could not be measured")
    #expect(error?.cause == "unmeasured: no value for nothing")
    let passed = try Gate.evaluate("live", lines: ["roc_auc >= 0.6"], facts: facts)
    #expect(passed.passed && !passed.isUndecided && passed.objection == nil)
  }

  @Test("Results that an earlier version kept can still be read") func stored() throws {
    let kept = """
      {"gate":"quality","lines":[{"text":"a > 1","holds":true,"isVacuous":false,"left":2,"right":1,"explanation":"x"},
      {"text":"b > 1","holds":true,"isVacuous":true,"explanation":"y"},
      {"text":"c > 1","holds":false,"isVacuous":false,"explanation":"z"}]}
      """
    let result: GateResult = try JSON.parse(kept).decode()
    #expect(result.lines.map(\.state) == [.holds, .vacuous, .fails])
    #expect(try JSON(encoding: result)["lines"]?.array?.map { $0["state"] } == ["holds", "vacuous", "fails"])
  }
}
