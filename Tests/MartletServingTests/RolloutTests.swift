import MartletCore
import Testing

@testable import MartletServing

@Suite("Rollouts: what happens next")
struct RolloutTests {
  private static func version(_ number: Int) -> DeployableVersion {
    DeployableVersion(modelVersion: ModelVersionID(model: "m", version: number), packageFolder: "packages/m@\(number)")
  }

  private static let canary = EndpointDefinition(
    name: "e", project: "p", strategy: .canary, traffic: [0.1, 0.5, 1], holdRequests: 2000)
  private static let shadow = EndpointDefinition(name: "e", project: "p", strategy: .shadow, holdRequests: 300)
  private static func rollout(_ rung: Int) -> Rollout {
    Rollout(champion: version(1), challenger: version(2), deployment: "d", rung: rung, epoch: 4)
  }

  static let cases: [(EndpointDefinition, Int, answered: Int, challenger: Int, passes: Bool, Rollout.Step)] = [
    (canary, 0, 0, 0, true, .wait),
    (canary, 0, 1999, 200, true, .wait),
    (canary, 0, 2000, 200, true, .nextRung(1)),
    (canary, 0, 2000, 0, true, .wait),
    (canary, 1, 2500, 1200, true, .nextRung(2)),
    (canary, 2, 2000, 2000, true, .promote),
    (canary, 0, 40, 4, false, .wait),
    (canary, 0, 500, 50, false, .rollBack(reason: "why")),
    (canary, 0, 2000, 5, false, .rollBack(reason: "why")),
    (canary, 2, 100, 100, false, .rollBack(reason: "why")),
    (shadow, 0, 300, 0, true, .wait),
    (shadow, 0, 300, 300, true, .promote),
    (shadow, 0, 60, 60, false, .rollBack(reason: "why")),
  ]

  @Test("A rung is held until enough was answered; a gate that fails on enough evidence rolls back", arguments: cases)
  func decides(
    _ definition: EndpointDefinition, _ rung: Int, answered: Int, challenger: Int, passes: Bool, _ step: Rollout.Step
  ) {
    let next = Self.rollout(rung).nextStep(
      definition, .init(answeredRows: answered, challengerRows: challenger), .init(passes: passes, reason: "why"))
    #expect(next == step)
  }

  @Test(
    "A gate with something not yet measured waits, and rolls back when the hold is over and there was enough to see",
    arguments: [
      (answered: 500, challenger: 50, Rollout.Step.wait), (2000, 5, .wait), (1999, 400, .wait),
      (2000, 50, .rollBack(reason: "why")), (9000, 200, .rollBack(reason: "why")),
    ])
  func undecided(answered: Int, challenger: Int, _ step: Rollout.Step) {
    let verdict = Rollout.Verdict(passes: false, isUndecided: true, reason: "why")
    let next = Self.rollout(0).nextStep(
      Self.canary, .init(answeredRows: answered, challengerRows: challenger), verdict)
    #expect(next == step)
  }

  @Test("Nothing happens without a challenger")
  func rests() {
    let idle = Rollout(champion: Self.version(1), epoch: 3)
    #expect(idle.nextStep(Self.canary, .init(answeredRows: 9999, challengerRows: 0), .init(passes: false)) == .wait)
  }

  @Test("Promotion makes the challenger champion, roll-back keeps the champion; counters begin anew")
  func changes() {
    let promoted = Self.rollout(2).after(.promote)
    #expect(promoted == Rollout(champion: Self.version(2), former: Self.version(1), epoch: 5))
    #expect(promoted.after(.rollBack(reason: "x")) == Rollout(champion: Self.version(1), epoch: 6))
    let back = Self.rollout(1).after(.rollBack(reason: "x"))
    #expect(back == Rollout(champion: Self.version(1), epoch: 5))
    #expect(Self.rollout(0).after(.nextRung(1)).epoch == 5)
    #expect(Self.rollout(0).after(.wait) == Self.rollout(0))
  }

  @Test("What was counted for another epoch is no evidence")
  func ignoresOtherEpochs() {
    var counts = VariantCounts()
    counts.rows = 100
    let variants = [
      ScoringState.Variant(modelVersion: Self.version(1).modelVersion, role: .champion, share: 0.9, counts: counts),
      ScoringState.Variant(modelVersion: Self.version(2).modelVersion, role: .challenger, share: 0.1, counts: counts),
    ]
    let state = ScoringState.Endpoint(name: "e", epoch: 4, variants: variants, refused: [:])
    #expect(Rollout.Evidence(state, of: Self.rollout(0)) == .init(answeredRows: 200, challengerRows: 100))
    var later = Self.rollout(0)
    later.epoch = 5
    #expect(Rollout.Evidence(state, of: later) == .init(answeredRows: 0, challengerRows: 0))
  }

  @Test("A canary always ends with all the traffic, and its shares must rise")
  func checksTraffic() throws {
    #expect(EndpointDefinition(name: "e", project: "p", strategy: .canary, traffic: [0.2]).rungs == [0.2, 1])
    #expect(throws: MartletError.self) {
      try EndpointDefinition(name: "e", project: "p", strategy: .canary, traffic: [0.5, 0.2]).validate()
    }
    #expect(throws: MartletError.self) { try EndpointDefinition(name: "e", project: "p", strategy: .canary).validate() }
    #expect(throws: MartletError.self) { try EndpointDefinition(name: "../e", project: "p").validate() }
  }
}
