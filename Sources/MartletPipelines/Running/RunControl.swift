import Synchronization

/// What a run under way has been told from outside.
final class RunControl: Sendable {
  enum Order: Sendable {
    case goOn
    /// A person cancelled it: what has not ended is recorded as cancelled.
    case cancel
    /// The server stops: nothing more is recorded, and the next start continues the run.
    case suspend
  }

  private let current = Mutex(Order.goOn)

  var order: Order { current.withLock { $0 } }

  func give(_ order: Order) { current.withLock { $0 = order } }
}
