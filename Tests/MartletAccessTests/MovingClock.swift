import MartletCore
import Synchronization

/// A clock that tests move.
final class MovingClock: Sendable {
  private let time = Mutex(Timestamp(year: 2013, month: 6, day: 1))

  var clock: WallClock { WallClock { [self] in time.withLock { $0 } } }
  func move(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}
