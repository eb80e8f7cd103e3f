import Foundation
import MartletCore

/// Metrics of probabilities against true/false labels.
package enum BinaryMetric {
  /// Mean squared difference of probability and outcome (Brier, 1950).
  package static func brier(labels: [Bool], probabilities: [Double]) -> Double {
    mean(squaredErrors(labels: labels, probabilities: probabilities))
  }

  /// Mean negative log-likelihood in nats, probabilities kept within [1e-15, 1 − 1e-15].
  package static func logLoss(labels: [Bool], probabilities: [Double]) -> Double {
    mean(logLosses(labels: labels, probabilities: probabilities))
  }

  /// Each row's part of the Brier score.
  package static func squaredErrors(labels: [Bool], probabilities: [Double]) -> [Double] {
    zip(labels, probabilities).map { label, p in (p - (label ? 1 : 0)) * (p - (label ? 1 : 0)) }
  }

  /// Each row's part of the log loss.
  package static func logLosses(labels: [Bool], probabilities: [Double]) -> [Double] {
    zip(labels, probabilities).map { label, p in
      let kept = min(max(p, 1e-15), 1 - 1e-15)
      return -log(label ? kept : 1 - kept)
    }
  }

  static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
  }
}

/// How often a decision "score ≥ threshold" was right and wrong.
package struct Confusion: Sendable, Hashable, Codable {
  package var truePositives: Double
  package var falsePositives: Double
  package var falseNegatives: Double
  package var trueNegatives: Double

  package init(truePositives: Double, falsePositives: Double, falseNegatives: Double, trueNegatives: Double) {
    self.truePositives = truePositives
    self.falsePositives = falsePositives
    self.falseNegatives = falseNegatives
    self.trueNegatives = trueNegatives
  }

  /// Counts rows; a score equal to the threshold is a positive decision.
  package init(labels: [Bool], scores: [Double], threshold: Double) {
    self.init(truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0)
    for (label, score) in zip(labels, scores) {
      switch (label, score >= threshold) {
      case (true, true): truePositives += 1
      case (false, true): falsePositives += 1
      case (true, false): falseNegatives += 1
      case (false, false): trueNegatives += 1
      }
    }
  }

  package var total: Double { truePositives + falsePositives + falseNegatives + trueNegatives }
  package var accuracy: Double { (truePositives + trueNegatives) / total }
  package var precision: Double { truePositives / (truePositives + falsePositives) }
  package var recall: Double { truePositives / (truePositives + falseNegatives) }
  package var specificity: Double { trueNegatives / (trueNegatives + falsePositives) }
  package var f1: Double { 2 * truePositives / (2 * truePositives + falsePositives + falseNegatives) }
}

/// Metrics of predicted numbers against true ones.
package struct RegressionMetrics: Sendable, Hashable, Codable {
  package let count: Int
  /// Mean absolute error.
  package let mae: Double
  /// Root of the mean squared error.
  package let rmse: Double
  /// 1 − Σ(y − ŷ)²/Σ(y − ȳ)²; NaN when all truths are equal.
  package let r2: Double

  package init(truths: [Double], predictions: [Double]) throws {
    guard truths.count == predictions.count, !truths.isEmpty else {
      throw MartletError.invalidInput("\(truths.count) true values with \(predictions.count) predictions")
    }
    count = truths.count
    let errors = zip(truths, predictions).map { $0 - $1 }
    let squares = errors.reduce(0) { $0 + $1 * $1 }
    mae = errors.reduce(0) { $0 + abs($1) } / Double(count)
    rmse = (squares / Double(count)).squareRoot()
    let spread = Moments(truths).populationVariance * Double(count)
    r2 = spread > 0 ? 1 - squares / spread : .nan
  }
}
