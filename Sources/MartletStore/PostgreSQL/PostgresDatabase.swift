import MartletCore
import NIOPosix

/// The metadata in a PostgreSQL database.
///
/// Transactions that write are SERIALIZABLE, so that bodies written for SQLite's one writer stay right; one that
/// conflicts with another is run again. Each thread has one connection; a lost one is made again.
package final class PostgresDatabase: Database {
  package let dialect = SQLDialect.postgresql
  package let limits: TransactionLimits
  private let writes = WorkQueue<Transaction>()
  private let reads = WorkQueue<Transaction>()

  /// Connects once, so that a wrong URL is noticed here. The schema is left as it is: see `DatabaseOpener`.
  package static func open(
    url: String, limits: TransactionLimits = .usual, writers: Int = 8, readers: Int = 4
  ) async throws -> PostgresDatabase {
    _ = try await NIOThreadPool.singleton.runIfActive { try PostgresConnection(url: url).isAlive }
    return PostgresDatabase(url: url, limits: limits, writers: writers, readers: readers)
  }

  private init(url: String, limits: TransactionLimits, writers: Int, readers: Int) {
    self.limits = limits
    for _ in 0..<writers { Self.startThread("martlet-write", url, writes, .write) }
    for _ in 0..<readers { Self.startThread("martlet-read", url, reads, .read) }
  }

  deinit {
    writes.close()
    reads.close()
  }

  package func read<Value: Sendable>(
    within limit: Duration?, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value { try await Transaction.perform(on: reads, within: .reading(limit), body) }

  package func write<Value: Sendable>(
    within limit: Duration?, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value { try await Transaction.perform(on: writes, within: .writing(limit), body) }

  package func close() async {
    reads.close()
    writes.close()
    await reads.threadsEnded()
    await writes.threadsEnded()
  }

  private static func startThread(
    _ name: String, _ url: String, _ work: WorkQueue<Transaction>, _ mode: PostgresSession.Mode
  ) {
    work.startThread(named: name) {
      let session = PostgresSession(url: url)
      while let transactions = work.take(upTo: 1) {
        for transaction in transactions { session.run(transaction, mode) }
      }
    }
  }
}
