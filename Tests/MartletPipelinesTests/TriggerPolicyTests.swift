import MartletCore
import Testing

@testable import MartletPipelines

@Suite("Whether a wanted run starts") struct TriggerPolicyTests {
  typealias Past = TriggerPolicy.Past
  static let now = Timestamp(year: 2013, month: 6, day: 1)
  static let limits = LimitsSection(
    concurrency: 1, cooldownMilliseconds: 12 * 3_600_000, runsPerDay: 2, overlap: .queueLatest)

  static func past(hoursAgo: Int64, underWay: Bool = false, byTrigger: Bool = true) -> Past {
    Past(startedAt: now - .milliseconds(hoursAgo * 3_600_000), isUnderWay: underWay, byTrigger: byTrigger)
  }

  enum Outcome: String { case start, queue, drop }

  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var limits = TriggerPolicyTests.limits
    var manual = false
    var history: [Past]
    var outcome: Outcome
    var reason: String?
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "the first run starts", history: [], outcome: .start),
    Case(
      name: "within the cool-down nothing starts", history: [past(hoursAgo: 11)], outcome: .drop,
      reason: "cool-down until 2013-06-01T01:00:00.000Z"),
    Case(name: "when the cool-down is over it starts", history: [past(hoursAgo: 12)], outcome: .start),
    Case(name: "a person does not wait for the cool-down", manual: true, history: [past(hoursAgo: 1)], outcome: .start),
    Case(
      name: "a person's run starts a cool-down too", history: [past(hoursAgo: 1, byTrigger: false)], outcome: .drop,
      reason: "cool-down until 2013-06-01T11:00:00.000Z"),
    Case(
      name: "the budget of a day is kept", limits: LimitsSection(runsPerDay: 2),
      history: [past(hoursAgo: 3), past(hoursAgo: 23)], outcome: .drop, reason: "the budget of 2 runs a day is used"),
    Case(
      name: "a run of a day ago is out of the budget", limits: LimitsSection(runsPerDay: 2),
      history: [past(hoursAgo: 3), past(hoursAgo: 24)], outcome: .start),
    Case(
      name: "people's runs do not use the budget", limits: LimitsSection(runsPerDay: 1),
      history: [past(hoursAgo: 3, byTrigger: false)], outcome: .start),
    Case(
      name: "one that is under way makes it wait", history: [past(hoursAgo: 20, underWay: true)], outcome: .queue,
      reason: "1 of 1 runs are under way"),
    Case(
      name: "or is dropped, where the project says skip", limits: LimitsSection(overlap: .skip),
      history: [past(hoursAgo: 20, underWay: true)], outcome: .drop, reason: "1 of 1 runs are under way"),
    Case(
      name: "a person's run waits even then", limits: LimitsSection(overlap: .skip), manual: true,
      history: [past(hoursAgo: 20, underWay: true)], outcome: .queue, reason: "1 of 1 runs are under way"),
    Case(
      name: "two may run where two may", limits: LimitsSection(concurrency: 2),
      history: [past(hoursAgo: 20, underWay: true)], outcome: .start),
  ]

  @Test("The policy's table", arguments: cases) func table(_ each: Case) {
    let decision = TriggerPolicy.decide(limits: each.limits, manual: each.manual, history: each.history, now: Self.now)
    let outcome: Outcome =
      switch decision {
      case .start: .start
      case .queue: .queue
      case .drop: .drop
      }
    #expect(outcome == each.outcome)
    #expect(decision.reason == each.reason)
  }
}
