package import MartletCore

package enum DeploymentKind {}
package typealias DeploymentID = Identifier<DeploymentKind>

/// What is live on an endpoint, and what is on its way.
package struct Rollout: Sendable, Hashable, Codable {
  package var champion: DeployableVersion?
  package var challenger: DeployableVersion?
  /// The champion before this one: what a person may go back to.
  package var former: DeployableVersion?
  /// The deployment under way; nil when there is no challenger.
  package var deployment: DeploymentID?
  /// Position in the definition's rungs.
  package var rung: Int
  /// Counters begin anew with each change of this number.
  package var epoch: Int64

  package init(
    champion: DeployableVersion? = nil, challenger: DeployableVersion? = nil, former: DeployableVersion? = nil,
    deployment: DeploymentID? = nil, rung: Int = 0, epoch: Int64 = 0
  ) {
    self.champion = champion
    self.challenger = challenger
    self.former = former
    self.deployment = deployment
    self.rung = rung
    self.epoch = epoch
  }

  /// What was seen of the challenger since the rung began.
  package struct Evidence: Sendable, Hashable {
    /// Rows the endpoint answered.
    package var answeredRows: Int
    /// Rows given to the challenger.
    package var challengerRows: Int

    package init(answeredRows: Int, challengerRows: Int) {
      self.answeredRows = answeredRows
      self.challengerRows = challengerRows
    }

    /// What the scoring plane counted for the challenger; nothing when it counts for another epoch.
    package init(_ endpoint: ScoringState.Endpoint, of rollout: Rollout) {
      let isCurrent = endpoint.epoch == rollout.epoch
      let challenger = endpoint.variants.first { $0.modelVersion == rollout.challenger?.modelVersion }
      self.init(
        answeredRows: isCurrent ? endpoint.answeredRows : 0,
        challengerRows: isCurrent ? challenger?.counts.rows ?? 0 : 0)
    }
  }

  /// What the live gate says about the challenger.
  package struct Verdict: Sendable, Hashable {
    package var passes: Bool
    /// It does not pass only because something has no value yet; nothing that was measured speaks against it.
    package var isUndecided: Bool
    /// Why not, for people: the lines that do not hold with what was observed.
    package var reason: String

    package init(passes: Bool, isUndecided: Bool = false, reason: String = "") {
      self.passes = passes
      self.isUndecided = isUndecided
      self.reason = reason
    }
  }

  /// What happens next.
  package enum Step: Sendable, Hashable {
    case wait
    case nextRung(Int)
    case promote
    case rollBack(reason: String)
  }

  /// Before this many rows a failing gate is not believed, unless the whole hold is shorter.
  package static let leastEvidence = 50

  /// Decides what happens next; changes nothing.
  ///
  /// A gate that fails on enough rows rolls back at once. Otherwise the rung is held until the endpoint has answered
  /// `holdRequests` rows and the challenger has been given at least one; then the gate must pass. A gate that is
  /// undecided is waited for, until the hold is over and the challenger has had enough rows: it is rolled back then.
  package func nextStep(_ definition: EndpointDefinition, _ evidence: Evidence, _ verdict: Verdict) -> Step {
    guard challenger != nil else { return .wait }
    let seen = definition.strategy == .shadow ? evidence.challengerRows : evidence.answeredRows
    let isHeld = seen >= definition.holdRequests && (evidence.challengerRows > 0 || definition.holdRequests == 0)
    if verdict.isUndecided {
      return isHeld && evidence.challengerRows >= Self.leastEvidence ? .rollBack(reason: verdict.reason) : .wait
    }
    if !verdict.passes, isHeld || evidence.challengerRows >= Self.leastEvidence {
      return .rollBack(reason: verdict.reason)
    }
    return isHeld ? stepWithoutHold(definition) : .wait
  }

  /// The step a person may take now, without waiting for the hold.
  package func stepWithoutHold(_ definition: EndpointDefinition) -> Step {
    guard challenger != nil else { return .wait }
    return rung + 1 < definition.rungs.count ? .nextRung(rung + 1) : .promote
  }

  /// The rollout after a step. Without a challenger, rolling back returns to the champion's predecessor.
  package func after(_ step: Step) -> Rollout {
    var next = self
    switch step {
    case .wait: return self
    case .nextRung(let rung): next.rung = rung
    case .promote:
      next = Rollout(champion: challenger, former: champion, epoch: epoch)
    case .rollBack where challenger == nil:
      next = Rollout(champion: former, epoch: epoch)
    case .rollBack:
      next = Rollout(champion: champion, former: former, epoch: epoch)
    }
    next.epoch += 1
    return next
  }
}
