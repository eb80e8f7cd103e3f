import Foundation

/// When something has to be over, on the monotonic clock.
struct Deadline {
  private let instant: ContinuousClock.Instant?

  init(after duration: Duration?) { instant = duration.map { ContinuousClock.now + $0 } }

  var isOver: Bool { instant.map { $0 <= .now } ?? false }

  /// Milliseconds to wait at most, for `poll`.
  func wait(atMost limit: Int32) -> Int32 {
    guard let instant else { return limit }
    let left = (instant - .now).components
    let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1
    return Int32(clamping: min(Int64(limit), max(0, milliseconds)))
  }
}
