import MartletCore
import Synchronization

/// One caller's transaction body, waiting for a connection, and the caller waiting for its outcome.
///
/// `run` may be called again after a rollback; `finish` is called exactly once.
final class Transaction: Sendable {
  private let limit: TimeLimit
  private let body: @Sendable (any SQLConnection) throws -> Void
  private let whenDone: @Sendable ((any Error)?) -> Void
  /// How long it has run so far, in all attempts.
  private let spent = Mutex(Duration.zero)

  private init(
    limit: TimeLimit, body: @escaping @Sendable (any SQLConnection) throws -> Void,
    whenDone: @escaping @Sendable ((any Error)?) -> Void
  ) {
    self.limit = limit
    self.body = body
    self.whenDone = whenDone
  }

  /// What its caller is told when its time was not enough.
  var tooSlow: MartletError { limit.error }

  /// How long it may still run; nil: as long as it likes.
  var timeLeft: Duration? { limit.duration.map { $0 - spent.withLock(\.self) } }

  /// - Throws: what the body throws; `.tooSlow` when its time was up before its last statement ended.
  func run(on connection: any TimedConnection) throws {
    let start = ContinuousClock.now
    connection.deadline = timeLeft.map { Deadline(instant: start + $0, limit: limit) }
    defer {
      connection.deadline = nil
      spent.withLock { $0 += start.duration(to: .now) }
    }
    try connection.deadline?.check()
    try body(connection)
  }

  /// Wakes the caller: with the body's value, or with the error.
  func finish(_ error: (any Error)? = nil) { whenDone(error) }

  /// Queues `body` and waits for its value.
  static func perform<Value: Sendable>(
    on queue: WorkQueue<Transaction>, within limit: TimeLimit,
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
      let kept = Outcome<Value>()
      let transaction = Transaction(
        limit: limit,
        body: { connection in
          let value = try body(connection)
          kept.value.withLock { $0 = value }
        },
        whenDone: { error in
          if let error { return continuation.resume(throwing: error) }
          guard let value = kept.value.withLock({ $0 }) else {
            return continuation.resume(throwing: MartletError(.internalError, "a transaction ended without a value"))
          }
          continuation.resume(returning: value)
        })
      if !queue.add(transaction) {
        transaction.finish(
          MartletError(
            .unavailable, "the database is closed", cause: "the server is shutting down", fix: "start it again"))
      }
    }
  }
}

/// The body's value, kept until the transaction is committed.
private final class Outcome<Value: Sendable>: Sendable {
  let value = Mutex<Value?>(nil)
}
