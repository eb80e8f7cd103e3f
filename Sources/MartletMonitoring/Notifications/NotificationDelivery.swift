package import MartletCore

package enum NotificationKind {}
/// The same at every attempt, so that a receiver can tell that it has a message already.
package typealias NotificationID = Identifier<NotificationKind>

/// One notification on its way to one destination.
package struct NotificationDelivery: Sendable, Hashable {
  package enum State: String, Sendable, Hashable, CaseIterable {
    case pending
    case delivered
    /// Given up after the last attempt.
    case failed
    /// The destination's address is not one that this server may reach.
    case refused
  }

  package var id: NotificationID
  package var notification: Notification
  /// `log`, `webhook:secret:NAME` or `registry:WEBHOOK`; never an address.
  package var destination: String
  package var state: State
  package var attempts: Int
  /// Wall-clock times.
  package var createdAt: Timestamp
  /// Not before this is it tried again.
  package var nextAt: Timestamp
  package var deliveredAt: Timestamp?
  /// What the receiver answered last; nil when there was no answer.
  package var status: Int?
  /// Why the last attempt was in vain; without addresses and secrets.
  package var problem: String?

  /// How the destinations start that are webhooks of the registry.
  package static let registryPrefix = "registry:"
}

/// What came of one attempt.
package enum NotificationAttempt: Sendable, Hashable {
  /// - Parameter status: nil where there is none, as for the log.
  case delivered(status: Int?)
  case failed(status: Int?, problem: String)
  /// Trying again is no use until somebody changes the server's configuration.
  case refused(problem: String)
}

/// When a delivery is tried again: 15 attempts, the pause doubling from 2 seconds to an hour, over about four hours.
package struct NotificationRetry: Sendable, Hashable {
  package var attempts: Int
  package var firstPause: Duration
  package var longestPause: Duration

  package init(attempts: Int = 15, firstPause: Duration = .seconds(2), longestPause: Duration = .seconds(3600)) {
    self.attempts = attempts
    self.firstPause = firstPause
    self.longestPause = longestPause
  }

  /// The pause after so many attempts in vain; nil: it is given up.
  ///
  /// - Parameter chance: 0 to 1; the pause lies between half and all of its length, so that many do not come at once.
  package func pause(after attempts: Int, chance: Double) -> Duration? {
    guard attempts < self.attempts else { return nil }
    let doubled = firstPause * (1 << min(max(attempts - 1, 0), 30))
    return min(doubled, longestPause) * (0.5 + 0.5 * min(max(chance, 0), 1))
  }
}
