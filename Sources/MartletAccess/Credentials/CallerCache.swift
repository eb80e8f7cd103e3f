import Crypto
import Foundation
import MartletCore
import Synchronization

/// Callers whose credentials were verified a moment ago, by a keyed hash of the credentials, so that neither a password
/// is derived nor the database read for every request. A change of access empties it; what somebody is given for what
/// they made is added to their own entries.
final class CallerCache: Sendable {
  private struct Entry: Sendable {
    var caller: Caller
    var until: Timestamp
  }

  private struct State: Sendable {
    var entries: [String: Entry] = [:]
    var generation = 0
    /// The generation at which everything was emptied, and since which users have been given something.
    var emptied = 0
    var given: [Int64: Int] = [:]
  }

  private let key = SymmetricKey(size: .bits256)
  private let state = Mutex(State())
  private let clock: WallClock

  /// How long credentials hold without being looked at again.
  static let life: Duration = .seconds(60)
  private static let most = 10_000

  init(clock: WallClock) { self.clock = clock }

  /// The name of an entry: without the process's key it says nothing about the secret.
  func name(_ kind: String, _ parts: String...) -> String {
    let text = ([kind] + parts).joined(separator: "\0")
    return MartletCore.Digest(bytes: HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)).hex
  }

  func caller(_ name: String) -> Caller? {
    let now = clock.now
    return state.withLock { state in
      guard let entry = state.entries[name] else { return nil }
      guard entry.until > now else {
        state.entries[name] = nil
        return nil
      }
      return entry.caller
    }
  }

  /// To be read before the database is, and given to `keep`: what was read before a change is not kept after it.
  var generation: Int { state.withLock(\.generation) }

  func keep(_ caller: Caller, as name: String, until end: Timestamp? = nil, readAt generation: Int) {
    let now = clock.now
    let until = end.map { min($0, now + Self.life) } ?? now + Self.life
    state.withLock { state in
      let changed = caller.userID.flatMap { state.given[$0] } ?? 0
      guard max(state.emptied, changed) <= generation else { return }
      if state.entries.count >= Self.most { state.entries.removeAll() }
      state.entries[name] = Entry(caller: caller, until: until)
    }
  }

  func clear() {
    state.withLock { state in
      state.entries.removeAll()
      state.given.removeAll()
      state.generation += 1
      state.emptied = state.generation
    }
  }

  /// Adds a permission to what is known of its user.
  func give(_ grant: ResourceGrant, to user: Int64) {
    state.withLock { state in
      state.generation += 1
      state.given[user] = state.generation
      for (name, entry) in state.entries where entry.caller.userID == user {
        state.entries[name]?.caller.resources.append(grant)
      }
    }
  }
}
