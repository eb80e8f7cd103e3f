import MartletCore

/// How long one transaction may take, and what its caller is told when that was not enough.
struct TimeLimit: Sendable {
  private let isWriting: Bool
  /// Nil: as long as it likes.
  let duration: Duration?

  static func reading(_ duration: Duration?) -> TimeLimit { TimeLimit(isWriting: false, duration: duration) }
  static func writing(_ duration: Duration?) -> TimeLimit { TimeLimit(isWriting: true, duration: duration) }

  var error: MartletError {
    let time = duration?.written ?? ""
    if isWriting {
      return MartletError(
        .tooSlow, "the database took longer than \(time) over the change and was stopped",
        cause: "nothing of it was stored", fix: "change less at once")
    }
    return MartletError(
      .tooSlow, "the database took longer than \(time) over the question and was stopped",
      cause: "more was asked for than it can look through in that time",
      fix: "ask for less: fewer experiments, a narrower filter, another order, or a smaller page")
  }
}

/// When a transaction's time is up.
struct Deadline: Sendable {
  let instant: ContinuousClock.Instant
  let limit: TimeLimit

  var hasPassed: Bool { instant <= .now }
  var error: MartletError { limit.error }

  /// - Throws: `.tooSlow` when the time is up.
  func check() throws { if hasPassed { throw error } }
}

/// A connection that stops what it runs when the transaction's time is up.
protocol TimedConnection: SQLConnection {
  /// Of the body that runs now; statements that steer the transaction have none.
  var deadline: Deadline? { get set }
}
