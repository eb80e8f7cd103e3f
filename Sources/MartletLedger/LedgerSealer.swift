package import Logging
import MartletCore

/// Seals the ledger again and again, until its task is cancelled; then once more.
///
/// Exactly one runs for a database: in the control plane.
package struct LedgerSealer: Sendable {
  private let ledger: Ledger
  private let interval: Duration
  private let logger: Logger

  package init(ledger: Ledger, interval: Duration = .milliseconds(500), logger: Logger) {
    self.ledger = ledger
    self.interval = interval
    self.logger = logger
  }

  /// Returns only when cancelled. A failure (the database is away) is logged and tried again.
  package func run() async {
    while !Task.isCancelled {
      await sealOnce()
      try? await Task.sleep(for: interval)
    }
    // Entries of the last moments are sealed by a task that is not cancelled.
    await Task { await sealOnce() }.value
  }

  private func sealOnce() async {
    do { try await ledger.seal() } catch is CancellationError {
      return
    } catch {
      let error = MartletError(error, doing: "entries could not be sealed")
      logger.warning("the ledger could not be sealed; it is tried again: \(error)")
    }
  }
}
