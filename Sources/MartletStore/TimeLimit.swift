import MartletCore

/// How long one transaction may take, and what its caller is told when that was not enough.
struct TimeLimit: Sendable {
  /// Nil: as long as it likes.
  var duration: Duration?
  var error: MartletError

  static func reading(_ duration: Duration?) -> TimeLimit {
    TimeLimit(
      duration: duration,
      error: MartletError(
        .tooSlow, "the database took longer than \(duration?.written ?? "") over the question and was stopped",
        cause: "more was asked for than it can look through in that time",
        fix: "ask for less: fewer experiments, a narrower filter, another order, or a smaller page"))
  }

  static func writing(_ duration: Duration?) -> TimeLimit {
    TimeLimit(
      duration: duration,
      error: MartletError(
        .tooSlow, "the database took longer than \(duration?.written ?? "") over the change and was stopped",
        cause: "nothing of it was stored", fix: "change less at once"))
  }
}

/// When a transaction's time is up.
struct Deadline: Sendable {
  var instant: ContinuousClock.Instant
  var error: MartletError

  var hasPassed: Bool { instant <= .now }

  /// - Throws: `.tooSlow` when the time is up.
  func check() throws { if hasPassed { throw error } }
}

/// A connection that stops what it runs when the transaction's time is up.
protocol TimedConnection: SQLConnection {
  /// Of the body that runs now; statements that steer the transaction have none.
  var deadline: Deadline? { get set }
}
