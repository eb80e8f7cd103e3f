/// How long transactions may take; nil: as long as they like.
///
/// Only the time counts in which a transaction runs, not the time in which it waits for a connection.
package struct TransactionLimits: Sendable, Hashable {
  package var reading: Duration?
  package var writing: Duration?

  package init(reading: Duration?, writing: Duration?) {
    self.reading = reading
    self.writing = writing
  }

  /// A read keeps one of a few connections from everybody else. A write in SQLite keeps all others waiting; MLflow's
  /// clients do not wait for an answer any longer than this.
  package static let usual = TransactionLimits(reading: .seconds(10), writing: .seconds(120))

  /// For a program that waits for nothing but its one database.
  package static let none = TransactionLimits(reading: nil, writing: nil)

  /// For reads that put very many rows together because somebody asked for just that.
  package static let longReading = Duration.seconds(30)
}
