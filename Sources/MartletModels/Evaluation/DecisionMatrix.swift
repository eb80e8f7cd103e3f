package import MartletCore
package import MartletStatistics

/// What each kind of right and wrong decision is worth, in the charter's unit; losses are negative.
package struct DecisionMatrix: Sendable, Hashable, Codable {
  package var truePositive: Double
  package var falsePositive: Double
  package var falseNegative: Double
  package var trueNegative: Double
  package var unit: String

  package init(
    truePositive: Double, falsePositive: Double, falseNegative: Double, trueNegative: Double, unit: String
  ) {
    self.truePositive = truePositive
    self.falsePositive = falsePositive
    self.falseNegative = falseNegative
    self.trueNegative = trueNegative
    self.unit = unit
  }

  /// Value of 1,000 decisions that came out like these.
  package func valuePer1000(_ confusion: Confusion) -> Double {
    1000 * value(confusion) / max(1, confusion.total)
  }

  private func value(_ confusion: Confusion) -> Double {
    truePositive * confusion.truePositives + falsePositive * confusion.falsePositives
      + falseNegative * confusion.falseNegatives + trueNegative * confusion.trueNegatives
  }

  /// Value of each row's decision "score ≥ threshold".
  package func values(labels: [Bool], scores: [Double], threshold: Double) -> [Double] {
    zip(labels, scores).map { label, score in
      score >= threshold ? (label ? truePositive : falsePositive) : (label ? falseNegative : trueNegative)
    }
  }

  /// The probability from which acting is worth more than not acting, for a calibrated model:
  /// p·TP + (1 − p)·FP ≥ p·FN + (1 − p)·TN (Elkan, "The Foundations of Cost-Sensitive Learning", 2001).
  package var threshold: Double {
    let gainIfPositive = truePositive - falseNegative
    let lossIfNegative = trueNegative - falsePositive
    guard gainIfPositive + lossIfNegative > 0 else { return 0.5 }
    return min(1, max(0, lossIfNegative / (gainIfPositive + lossIfNegative)))
  }
}
