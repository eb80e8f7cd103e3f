import MartletCore

/// Quality of a binary classifier before outcomes are known (CBPE, confidence-based performance estimation, NannyML):
/// a row with calibrated probability p counts as p of a positive and 1 − p of a negative.
package struct EstimatedPerformance: Sendable, Hashable, Codable {
  package let rocAUC: Double
  package let averagePrecision: Double
  package let brier: Double
  /// Expected counts of the decision "score ≥ threshold".
  package let confusion: Confusion

  /// `scores` rank and decide, `probabilities` are their calibrated values; often both are the same.
  package init(probabilities: [Double], scores: [Double]? = nil, threshold: Double = 0.5) throws {
    let scores = scores ?? probabilities
    guard probabilities.count == scores.count, !scores.isEmpty else {
      throw MartletError.invalidInput("\(probabilities.count) probabilities with \(scores.count) scores")
    }
    guard probabilities.allSatisfy({ $0 >= 0 && $0 <= 1 }), !scores.contains(where: \.isNaN) else {
      throw MartletError.invalidInput("a probability lies outside 0 to 1, or a score is not a number")
    }
    var (positives, negatives, pairs, precisionSum) = (0.0, 0.0, 0.0, 0.0)
    var counts = Confusion(truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0)
    for group in Self.ties(probabilities, scores) {
      pairs += group.negatives * (positives + group.positives / 2)
      positives += group.positives
      negatives += group.negatives
      if positives > 0 { precisionSum += group.positives * positives / (positives + negatives) }
      if group.score >= threshold {
        counts.truePositives += group.positives
        counts.falsePositives += group.negatives
      } else {
        counts.falseNegatives += group.positives
        counts.trueNegatives += group.negatives
      }
    }
    rocAUC = pairs / (positives * negatives)
    averagePrecision = precisionSum / positives
    brier = BinaryMetric.mean(probabilities.map { $0 * (1 - $0) })
    confusion = counts
  }

  /// Expected positives and negatives at each distinct score, from the highest down.
  private static func ties(_ probabilities: [Double], _ scores: [Double])
    -> [(score: Double, positives: Double, negatives: Double)]
  {
    var groups: [(score: Double, positives: Double, negatives: Double)] = []
    for i in scores.indices.sorted(by: { scores[$0] > scores[$1] }) {
      if groups.last?.score != scores[i] { groups.append((scores[i], 0, 0)) }
      groups[groups.count - 1].positives += probabilities[i]
      groups[groups.count - 1].negatives += 1 - probabilities[i]
    }
    return groups
  }
}
