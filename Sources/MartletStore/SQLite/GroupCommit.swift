import MartletCore

/// Several callers' transactions in one commit to disk.
///
/// Each body runs in a savepoint, so one that throws rolls back alone. Callers learn the outcome only after the
/// commit. When the transaction is lost as a whole (the disk is full, the commit fails), each body is run again in
/// a transaction of its own, so that only those fail which cannot be applied.
struct GroupCommit {
  let connection: SQLiteConnection

  /// One commit takes no more bodies once this has passed, so that nobody waits for many slow neighbours.
  private static let longestGathering = Duration.milliseconds(20)

  func commit(_ transactions: [Transaction]) {
    var rest = transactions[...]
    while !rest.isEmpty { rest = rest.dropFirst(commitSome(of: Array(rest))) }
  }

  /// Commits the first ones of `transactions` and says how many.
  private func commitSome(of transactions: [Transaction]) -> Int {
    guard transactions.count > 1 else {
      transactions.forEach(commitAlone)
      return transactions.count
    }
    let start = ContinuousClock.now
    var outcomes: [(any Error)?] = []
    do {
      // What a savepoint may have to take back stays in memory, not in a file that each commit makes and removes. It
      // begins with the first group: the migrations before it sort whole tables.
      try connection.control("PRAGMA temp_store = MEMORY")
      try connection.control("BEGIN IMMEDIATE")
      for transaction in transactions {
        outcomes.append(try runInSavepoint(transaction))
        if start.duration(to: .now) > Self.longestGathering { break }
      }
      try connection.control("COMMIT")
    } catch {
      connection.rollBack()
      transactions.forEach(commitAlone)
      return transactions.count
    }
    for (transaction, error) in zip(transactions, outcomes) { transaction.finish(error) }
    return outcomes.count
  }

  /// Returns the body's error once its changes are rolled back; throws when the whole transaction is lost.
  private func runInSavepoint(_ transaction: Transaction) throws -> (any Error)? {
    try connection.control("SAVEPOINT body")
    do {
      try runBody(of: transaction)
      try connection.control("RELEASE body")
      return nil
    } catch {
      guard connection.isInTransaction else { throw error }
      try connection.control("ROLLBACK TO body")
      try connection.control("RELEASE body")
      return error
    }
  }

  private func commitAlone(_ transaction: Transaction) {
    do {
      try connection.control("BEGIN IMMEDIATE")
      try runBody(of: transaction)
      try connection.control("COMMIT")
      transaction.finish()
    } catch {
      connection.rollBack()
      transaction.finish(error)
    }
  }

  private func runBody(of transaction: Transaction) throws {
    try transaction.run(on: connection)
    if let failure = connection.failure { throw failure }
  }
}
