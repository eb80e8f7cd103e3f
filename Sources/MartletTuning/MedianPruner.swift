import MartletStatistics

/// Stops trials that do worse than the median of those before at the same step (Golovin et al., "Google Vizier", 2017).
///
/// Feed it the curves of finished trials only, batch by batch, so that its verdicts do not depend on who is faster.
package struct MedianPruner: Sendable {
  private let startupTrials: Int
  private let warmupSteps: Int
  private var curves: [[Double]] = []

  package init(startupTrials: Int = 5, warmupSteps: Int = 0) {
    self.startupTrials = startupTrials
    self.warmupSteps = warmupSteps
  }

  /// Adds a finished trial's loss after each step.
  package mutating func add(curve: [Double]) { curves.append(curve) }

  /// Whether a trial whose smallest loss up to `step` (from 0) is `best` should stop.
  package func shouldPrune(step: Int, best: Double) -> Bool {
    guard step >= warmupSteps, curves.count >= startupTrials else { return false }
    if best.isNaN { return true }
    let others = curves.compactMap { step < $0.count ? $0[step] : nil }
    guard !others.isEmpty else { return false }
    return best > Quantile.median(others)
  }
}
