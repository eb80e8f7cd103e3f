import MartletCore
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

  /// The threshold that would have been worth most on these rows, seen afterwards, and its value per 1,000; infinity
  /// where never acting is best. The farther it lies from `threshold`, the worse the scores are calibrated.
  package func best(labels: [Bool], scores: [Double]) throws -> (threshold: Double, valuePer1000: Double) {
    let ranked = try RankedScores(labels: labels, scores: scores)
    var confusion = Confusion(
      truePositives: 0, falsePositives: 0, falseNegatives: Double(ranked.positives),
      trueNegatives: Double(ranked.count - ranked.positives))
    var best = (threshold: Double.infinity, valuePer1000: valuePer1000(confusion))
    for (place, row) in ranked.order.enumerated() {
      let (score, label) = (scores[Int(row)], labels[Int(row)])
      confusion.truePositives += label ? 1 : 0
      confusion.falseNegatives -= label ? 1 : 0
      confusion.falsePositives += label ? 0 : 1
      confusion.trueNegatives -= label ? 0 : 1
      let endsTie = place + 1 == ranked.count || scores[Int(ranked.order[place + 1])] < score
      if endsTie, valuePer1000(confusion) > best.valuePer1000 { best = (score, valuePer1000(confusion)) }
    }
    return best
  }
}
