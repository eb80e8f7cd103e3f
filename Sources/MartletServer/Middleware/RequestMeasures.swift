import MartletCore
import Synchronization

/// Counts of requests by route and status, and how long they took; what `/metrics` shows about HTTP.
package final class RequestMeasures: Sendable {
  struct Key: Hashable, Sendable {
    var method: String
    var route: String
    var status: Int
  }

  struct Timing: Sendable {
    var count = 0
    var seconds = 0.0
    var buckets = [Int](repeating: 0, count: RequestMeasures.bounds.count)
  }

  private struct State {
    var requests: [Key: Timing] = [:]
    var inFlight = 0
    var lastEnd = ContinuousClock.now
  }

  /// Upper bounds of the duration histogram, in seconds.
  static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
  private static let knownMethods: Set = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

  private let state = Mutex(State())

  package init() {}

  func begin() { state.withLock { $0.inFlight += 1 } }

  func end() {
    state.withLock {
      $0.inFlight -= 1
      $0.lastEnd = .now
    }
  }

  func record(method: String, route: String, status: Int, duration: Duration) {
    let seconds = duration.inSeconds
    let method = Self.knownMethods.contains(method) ? method : "other"
    state.withLock {
      var timing = $0.requests[Key(method: method, route: route, status: status)] ?? Timing()
      timing.count += 1
      timing.seconds += seconds
      if let bucket = Self.bounds.firstIndex(where: { seconds <= $0 }) { timing.buckets[bucket] += 1 }
      $0.requests[Key(method: method, route: route, status: status)] = timing
    }
  }

  /// How long nobody has asked for anything; zero while an answer is under way.
  package var idle: Duration { state.withLock { $0.inFlight > 0 ? .zero : .now - $0.lastEnd } }

  var snapshot: (requests: [Key: Timing], inFlight: Int) { state.withLock { ($0.requests, $0.inFlight) } }
}
