package import MartletCore

/// Decides whether a wanted pipeline run starts now, waits or is dropped: a pure function of event time and history.
package enum TriggerPolicy {
  /// A run that there has been, or that is under way.
  package struct Past: Sendable, Hashable {
    package var startedAt: Timestamp
    package var isUnderWay: Bool
    /// Started by a trigger, not by a person.
    package var byTrigger: Bool

    package init(startedAt: Timestamp, isUnderWay: Bool, byTrigger: Bool = true) {
      self.startedAt = startedAt
      self.isUnderWay = isUnderWay
      self.byTrigger = byTrigger
    }
  }

  package enum Decision: Sendable, Hashable {
    case start
    /// Keep it until one that is under way has ended; it takes the place of any that waits already.
    case queue(reason: String)
    case drop(reason: String)

    package var reason: String? {
      switch self {
      case .start: nil
      case .queue(let reason), .drop(let reason): reason
      }
    }
  }

  /// - Parameters:
  ///   - manual: a person asks for it. Cool-down and budget bind triggers, not people; concurrency binds both.
  ///   - history: the project's runs of at least the last day and cool-down, in any order.
  package static func decide(limits: LimitsSection, manual: Bool, history: [Past], now: Timestamp) -> Decision {
    if !manual {
      if let last = history.map(\.startedAt).max() {
        let until = last + .milliseconds(limits.cooldownMilliseconds)
        if now < until { return .drop(reason: "cool-down until \(until)") }
      }
      let dayAgo = now - .milliseconds(Timestamp.millisecondsPerDay)
      let today = history.filter { $0.byTrigger && $0.startedAt > dayAgo }.count
      if let budget = limits.runsPerDay, today >= budget {
        return .drop(reason: "the budget of \(budget) runs a day is used")
      }
    }
    let underWay = history.filter(\.isUnderWay).count
    guard underWay >= limits.concurrency else { return .start }
    let reason = "\(underWay) of \(limits.concurrency) runs are under way"
    return manual || limits.overlap == .queueLatest ? .queue(reason: reason) : .drop(reason: reason)
  }
}
