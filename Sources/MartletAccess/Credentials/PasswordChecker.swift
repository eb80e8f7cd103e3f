import Crypto
import Foundation
import MartletCore
import NIOPosix
import Synchronization

/// Derives and compares passwords: two at a time, on threads of its own, the same work whether a user exists or not.
final class PasswordChecker: Sendable {
  private let threads: NIOThreadPool
  let cost: PasswordHash.Cost
  private let waiting = Mutex(0)
  private let nobody: PasswordHash

  /// More requests than this that wait for a derivation are turned away.
  private static let mostWaiting = 64

  init(cost: PasswordHash.Cost = .standard) {
    self.cost = cost
    threads = NIOThreadPool(numberOfThreads: 2)
    threads.start()
    // No password has this hash; comparing with it costs what comparing with a real one does.
    nobody = PasswordHash(cost: cost, salt: Array(repeating: 0, count: 16), hash: Array(repeating: 0, count: 32))
  }

  func hash(_ password: String) async throws -> String {
    let cost = cost
    return try await run { try PasswordHash.make(password, cost: cost).text }
  }

  /// Compares once it is this attempt's turn; from then on it counts as failed until it turns out right, so that those
  /// who wait are no failures, and many at once do not slip through.
  ///
  /// - Parameter text: what is kept for the user; nil when there is none, which takes as long.
  func matches(_ password: String, _ text: String?, counting limiter: AttemptLimiter, as keys: [String]) async throws
    -> Bool
  {
    let kept = text.flatMap { PasswordHash(text: $0) }
    let compared = kept ?? nobody
    return try await run {
      try limiter.begin(keys)
      guard try compared.matches(password), kept != nil else { return false }
      limiter.succeeded(keys)
      return true
    }
  }

  func close() { threads.shutdownGracefully { _ in } }

  private func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    let isFree = waiting.withLock { count in
      guard count < Self.mostWaiting else { return false }
      count += 1
      return true
    }
    guard isFree else {
      throw MartletError(
        .tooManyRequests, "too many sign-ins are under way", fix: "try again in a few seconds, or use a token")
    }
    defer { waiting.withLock { $0 -= 1 } }
    return try await threads.runIfActive(body)
  }
}
