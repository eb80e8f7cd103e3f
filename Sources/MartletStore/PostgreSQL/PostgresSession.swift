import Foundation
import MartletCore

/// One thread's connection: made when first needed, made again when it was lost.
final class PostgresSession {
  enum Mode: String {
    /// One consistent state, no changes.
    case read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    /// As if transactions ran one after the other, which is what they do in SQLite.
    case write = "BEGIN ISOLATION LEVEL SERIALIZABLE"
  }

  private let url: String
  private var connection: PostgresConnection?

  /// A transaction that conflicts with others is run at most this often.
  private static let attempts = 20

  init(url: String) { self.url = url }

  /// Runs the transaction and tells its caller, after commit.
  func run(_ transaction: Transaction, _ mode: Mode) {
    var reconnected = false
    for attempt in 1...Self.attempts {
      switch attemptOnce(transaction, mode) {
      case .done: return transaction.finish()
      case .failed(let error): return transaction.finish(error)
      case .conflicted(let error):
        if attempt == Self.attempts { return transaction.finish(error) }
        Self.stepAside(attempt)
      case .lostBeforeCommit(let error):
        if reconnected { return transaction.finish(error) }
        reconnected = true
      }
    }
  }

  private enum Outcome {
    case done
    case failed(any Error)
    case conflicted(MartletError)
    /// The server forgot the transaction: it may be run again.
    case lostBeforeCommit(MartletError)
  }

  private func attemptOnce(_ transaction: Transaction, _ mode: Mode) -> Outcome {
    let connection: PostgresConnection
    do { connection = try connected() } catch { return .failed(error) }
    do {
      try connection.begin(mode.rawValue, within: transaction.timeLeft)
      try transaction.run(on: connection)
      if let failure = connection.failure { throw failure.error }
    } catch {
      return outcome(of: error, on: connection, committing: false)
    }
    do {
      try connection.control("COMMIT")
      return .done
    } catch {
      // The rest of the body's time is the commit's, too.
      if connection.failure?.isInterruption == true {
        connection.rollBack()
        return .failed(transaction.tooSlow)
      }
      return outcome(of: error, on: connection, committing: mode == .write)
    }
  }

  private func outcome(of error: any Error, on connection: PostgresConnection, committing: Bool) -> Outcome {
    let failure = connection.failure
    guard connection.isAlive else {
      self.connection = nil
      let cause = failure?.error.cause ?? ""
      return committing ? .failed(Self.unknownOutcome(cause)) : .lostBeforeCommit(PostgresFailure.lost(cause))
    }
    connection.rollBack()
    if let failure, failure.isPassing { return .conflicted(failure.error) }
    return .failed(error)
  }

  private func connected() throws -> PostgresConnection {
    if let connection, connection.isAlive { return connection }
    let new = try PostgresConnection(url: url)
    connection = new
    return new
  }

  /// Waits up to 2, 4, 8 … 64 ms, so that those in conflict do not meet again.
  private static func stepAside(_ attempt: Int) {
    let longest = 1000 << min(attempt, 6)
    usleep(UInt32.random(in: 0..<UInt32(longest)))
  }

  private static func unknownOutcome(_ cause: String) -> MartletError {
    MartletError(
      .unavailable, "the connection to PostgreSQL was lost during the commit: the change may or may not be stored",
      cause: cause, fix: "look whether it is there before sending it again")
  }
}
