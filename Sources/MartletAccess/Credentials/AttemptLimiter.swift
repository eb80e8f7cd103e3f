package import MartletCore
import Synchronization

/// Counts failed attempts to prove who one is, by peer address and by user name there: ten within a minute, then no more
/// are looked at until the oldest is a minute old. A name takes a hundred from everywhere together, so that few
/// addresses do not lock its owner out.
package final class AttemptLimiter: Sendable {
  private let attempts = Mutex<[String: [Timestamp]]>([:])
  private let clock: WallClock

  package static let most = 10
  /// Begins the key of a name, wherever the attempts come from.
  static let anywhere = "anywhere:"
  private static let mostAnywhere = 100
  package static let window: Duration = .seconds(60)
  /// Names that an attacker invents take no more memory than this many.
  private static let mostKeys = 20_000

  package init(clock: WallClock) { self.clock = clock }

  /// Counts an attempt before it is looked at, so that many at once do not slip through; `succeeded` takes it back.
  ///
  /// - Throws: `.tooManyRequests`; the message says how long to wait.
  package func begin(_ keys: [String]) throws {
    let now = clock.now
    let wait = attempts.withLock { attempts -> Duration? in
      let known = keys.map { Self.recent(attempts[$0] ?? [], now) }
      let blocked = zip(keys, known).filter { $1.count >= Self.most(for: $0) }.compactMap(\.1.first)
      if let until = blocked.max() { return Self.window - (now - until) }
      if attempts.count + keys.count > Self.mostKeys {
        attempts = attempts.mapValues { Self.recent($0, now) }.filter { !$0.value.isEmpty }
        // Nobody is forgotten early; an attack this wide makes everybody's guesses wait.
        if attempts.count + keys.count > Self.mostKeys { return Self.window }
      }
      for (key, times) in zip(keys, known) { attempts[key] = times + [now] }
      return nil
    }
    guard let wait else { return }
    throw Self.refusal(wait)
  }

  package func succeeded(_ keys: [String]) {
    attempts.withLock { attempts in
      for key in keys {
        _ = attempts[key]?.popLast()
        if attempts[key]?.isEmpty == true { attempts[key] = nil }
      }
    }
  }

  private static func most(for key: String) -> Int { key.hasPrefix(anywhere) ? mostAnywhere : most }

  private static func recent(_ times: [Timestamp], _ now: Timestamp) -> [Timestamp] {
    times.filter { now - $0 < window }
  }

  private static func refusal(_ wait: Duration) -> MartletError {
    let seconds = max(1, Int(wait.inSeconds.rounded(.up)))
    return MartletError(
      .tooManyRequests, "too many failed attempts to sign in", cause: "\(most) failed within a minute",
      fix: "try again in \(seconds) seconds")
  }

  /// The seconds that a refusal asks to wait, for `Retry-After`.
  package static func retryAfter(_ error: MartletError) -> Int? {
    guard error.code == .tooManyRequests else { return nil }
    return error.fix?.split(separator: " ").compactMap { Int($0) }.first ?? 5
  }
}
