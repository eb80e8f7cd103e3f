import MartletCore
import Testing

@testable import MartletReplay

@Suite("The replay file")
struct ReplayPlanTests {
  static let text = """
    replay:
      project: flight-delay
      from: 2013-04-01
      to: 2013-04-03
      step: 6h
      rows:
        - {dataset: weather, file: weather.csv, at: observed_at}
      partitions:
        - {dataset: weather, files: "weather/{partition}.csv", after: 30h}
      requests: {endpoint: e, file: requests.csv, at: predicted_at, connections: 3}
      outcomes: {endpoint: e, file: outcomes.csv, at: known_at, id: flight_id, value: late}
    """

  @Test("It is read with its times, durations and defaults")
  func reads() throws {
    let plan = try ReplayPlan.parse(Self.text)
    #expect(plan.from == Timestamp(year: 2013, month: 4, day: 1))
    #expect(plan.step == .seconds(6 * 3600))
    #expect(plan.partitions[0].after.duration == .seconds(30 * 3600))
    #expect(plan.requests?.connections == 3)
    #expect(try ReplayPlan.parse("replay: {project: p, from: 2013-04-01, to: 2013-04-02}").step == .seconds(3600))
  }

  static let broken = [
    ("replay: {project: p, from: 2013-04-01, to: 2013-04-02, requets: {}}", "did you mean 'requests'"),
    ("replay: {project: p, from: 2013-04-01}", "lacks 'to'"),
    ("replay: {project: p, from: 2013-04-02, to: 2013-04-01}", "'from' is not before 'to'"),
    ("replay: {project: p, from: soon, to: 2013-04-01}", "is not an ISO 8601 time"),
    ("replay: {project: p, from: 2013-04-01, to: 2013-04-02, step: fast}", "is not a duration"),
    ("replay: [", "not valid YAML"),
  ]

  @Test("What is wrong with it is said", arguments: broken)
  func explains(text: String, says: String) {
    #expect {
      try ReplayPlan.parse(text)
    } throws: { error in
      "\(error)".contains(says)
    }
  }

  @Test("A day's file is due once, so long after the day began, and days before the start are not")
  func dueOnce() throws {
    let plan = try ReplayPlan.parse(Self.text)
    var due: [String] = []
    var time = plan.from
    while time < plan.to + .seconds(2 * 86_400) {
      due += plan.due(after: time, until: time + plan.step).map(\.day)
      time = time + plan.step
    }
    #expect(due == ["2013-04-01", "2013-04-02", "2013-04-03"])
  }
}
