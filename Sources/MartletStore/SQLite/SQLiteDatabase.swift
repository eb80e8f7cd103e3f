import Foundation
import GRDB
import MartletCore

/// The metadata in one SQLite file: one writing connection with group commit, and a few reading ones.
///
/// The file is in WAL mode with `synchronous=FULL`: what `write` returned survives a crash of the process and of
/// the machine. Only one process opens it (SQLite before 3.51.3 may damage a WAL that two connections reset).
package final class SQLiteDatabase: Database {
  package let dialect = SQLDialect.sqlite
  package let path: String
  package let limits: TransactionLimits
  private let writes = WorkQueue<Transaction>()
  private let reads = WorkQueue<Transaction>()

  private static let readers = 4
  /// How many waiting bodies may share one commit.
  private static let largestGroup = 256

  /// Opens the file, or creates it in a folder that exists. The schema is left as it is: see `DatabaseOpener`.
  package static func open(path: String, limits: TransactionLimits = .usual) throws -> SQLiteDatabase {
    try SQLiteFile.prepare(path)
    do {
      return try SQLiteDatabase(path: path, limits: limits)
    } catch let error as DatabaseError {
      throw SQLiteFile.openingFailed(path, MartletError(error))
    } catch let error as MartletError {
      throw SQLiteFile.openingFailed(path, error)
    }
  }

  private init(path: String, limits: TransactionLimits) throws {
    self.path = path
    self.limits = limits
    let writer = try Self.queue(path, readonly: false)
    let readers = try (1...Self.readers).map { _ in try Self.queue(path, readonly: true) }
    startWriter(on: writer)
    for reader in readers { startReader(on: reader) }
  }

  /// Opens another program's file for reading only: nothing in it or beside it is changed. Reads have no limit of
  /// time.
  package static func openForReading(path: String) throws -> SQLiteDatabase {
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw MartletError(
        .notFound, "the database file '\(path)' cannot be read", fix: "check the path, and that you may read it")
    }
    do {
      return try SQLiteDatabase(reading: path)
    } catch let error as DatabaseError {
      throw SQLiteFile.openingFailed(path, MartletError(error))
    }
  }

  private init(reading path: String) throws {
    self.path = path
    limits = .none
    startReader(on: try Self.queue(path, readonly: true))
    writes.close()
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
    await reads.threadsEnded()
    writes.close()
    await writes.threadsEnded()
  }

  /// Writes a consistent copy to a new file, readable by its owner only, while the database stays in use.
  package func backUp(to copy: String) async throws {
    let descriptor = Foundation.open(copy, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw MartletError(
        .permissionDenied, "the backup '\(copy)' could not be created", cause: String(cString: strerror(errno)),
        fix: "give a path of a new file in a folder that the server's user may write")
    }
    Foundation.close(descriptor)
    do { try await copyInto(copy) } catch {
      unlink(copy)
      throw error
    }
  }

  private func copyInto(_ copy: String) async throws {
    let copies = WorkQueue<Transaction>()
    Self.startThread("martlet-backup", on: copies, try Self.queue(path, readonly: true)) { connection in
      // VACUUM refuses to run inside a transaction, so there is no BEGIN here.
      for transaction in copies.take(upTo: 1) ?? [] {
        do {
          try transaction.run(on: connection)
          transaction.finish()
        } catch { transaction.finish(error) }
      }
    }
    defer { copies.close() }
    _ = try await Transaction.perform(on: copies, within: .writing(nil)) {
      try $0.execute("VACUUM INTO ?", [.text(copy)])
    }
  }

  private static func queue(_ path: String, readonly: Bool) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = readonly
    configuration.busyMode = .timeout(5)
    configuration.foreignKeysEnabled = true
    configuration.allowsUnsafeTransactions = true
    configuration.prepareDatabase { database in
      if !readonly {
        try database.execute(sql: "PRAGMA journal_mode = WAL")
        try database.execute(sql: "PRAGMA synchronous = FULL")
        // After a large transaction the log shrinks again to 64 MiB.
        try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
        // Pages that many transactions change are copied back to the file once for all of them: every 16 MiB.
        try database.execute(sql: "PRAGMA wal_autocheckpoint = 4096")
      }
      // KiB; taken only as far as it is needed. The writer's holds the ends of all indexes.
      try database.execute(sql: "PRAGMA cache_size = \(readonly ? -4096 : -16384)")
      try database.execute(sql: "PRAGMA mmap_size = 0")
      try database.execute(sql: "PRAGMA case_sensitive_like = ON")
    }
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  private func startWriter(on queue: DatabaseQueue) {
    Self.startThread("martlet-write", on: writes, queue) { [writes] connection in
      let group = GroupCommit(connection: connection)
      while let transactions = writes.take(upTo: Self.largestGroup) { group.commit(transactions) }
    }
  }

  private func startReader(on queue: DatabaseQueue) {
    Self.startThread("martlet-read", on: reads, queue) { [reads] connection in
      while let transactions = reads.take(upTo: 1) {
        for transaction in transactions { Self.read(transaction, on: connection) }
      }
    }
  }

  /// A thread that holds `queue` for as long as it lives.
  private static func startThread(
    _ name: String, on work: WorkQueue<Transaction>, _ queue: DatabaseQueue,
    _ body: @escaping @Sendable (SQLiteConnection) -> Void
  ) {
    work.startThread(named: name) {
      queue.unsafeReentrantWrite { database in
        guard let connection = try? SQLiteConnection(database) else { return }
        body(connection)
        connection.releaseStatements()
      }
      try? queue.close()
    }
  }

  private static func read(_ transaction: Transaction, on connection: SQLiteConnection) {
    do {
      try connection.control("BEGIN")
      try transaction.run(on: connection)
      if let failure = connection.failure { throw failure }
      connection.rollBack()
      transaction.finish()
    } catch {
      connection.rollBack()
      transaction.finish(error)
    }
  }
}
