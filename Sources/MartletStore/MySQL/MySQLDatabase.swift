import MartletCore
import NIOPosix

/// Another program's MySQL or MariaDB database, for reading only.
package final class MySQLDatabase: Database {
  package let dialect = SQLDialect.mysql
  package let limits = TransactionLimits.none
  private let reads = WorkQueue<Transaction>()

  /// Connects once, so that a wrong URL is noticed here.
  package static func openForReading(url: String) async throws -> MySQLDatabase {
    let address = try MySQLAddress(url: url)
    _ = try await NIOThreadPool.singleton.runIfActive { try MySQLConnection(address).isLost }
    return MySQLDatabase(address)
  }

  private init(_ address: MySQLAddress) {
    reads.startThread(named: "martlet-read") { [reads] in
      var connection: MySQLConnection?
      while let transactions = reads.take(upTo: 1) {
        for transaction in transactions { Self.run(transaction, on: &connection, at: address) }
      }
    }
  }

  deinit { reads.close() }

  package func read<Value: Sendable>(
    within limit: Duration?, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value { try await Transaction.perform(on: reads, within: .reading(limit), body) }

  package func write<Value: Sendable>(
    within limit: Duration?, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value { throw MartletError(.internalError, "MySQL databases are only read") }

  package func close() async {
    reads.close()
    await reads.threadsEnded()
  }

  private static func run(
    _ transaction: Transaction, on kept: inout MySQLConnection?, at address: MySQLAddress
  ) {
    do {
      let connection = try kept ?? MySQLConnection(address)
      kept = connection
      try connection.control("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
      defer { try? connection.control("ROLLBACK") }
      try transaction.run(on: connection)
      transaction.finish()
    } catch {
      transaction.finish(error)
    }
    if kept?.isLost == true { kept = nil }
  }
}
