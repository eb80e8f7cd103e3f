import MartletCore

/// Predicted probabilities against observed rates, by bin.
package struct CalibrationTable: Sendable, Hashable, Codable {
  package struct Bin: Sendable, Hashable, Codable {
    package var low: Double
    package var high: Double
    package var count: Int
    package var meanPredicted: Double
    package var observedRate: Double
  }

  package enum Binning: String, Sendable, Hashable, Codable {
    /// Bins of equal width over [0, 1].
    case width
    /// Bins of about equal counts.
    case quantile
  }

  /// Bins that hold at least one row, in ascending order.
  package let bins: [Bin]

  package init(labels: [Bool], probabilities: [Double], bins count: Int = 10, binning: Binning = .width) throws {
    guard labels.count == probabilities.count, count > 0 else {
      throw MartletError.invalidInput("\(labels.count) labels with \(probabilities.count) probabilities")
    }
    let edges = Self.edges(probabilities, count: count, binning: binning)
    var sums = [(count: Int, predicted: Double, observed: Double)](
      repeating: (0, 0, 0), count: edges.count - 1)
    for (label, p) in zip(labels, probabilities) {
      // The last edge not above p; the top edge belongs to the last bin.
      let bin = min(max(edges.partitioningIndex { $0 > p } - 1, 0), sums.count - 1)
      sums[bin].count += 1
      sums[bin].predicted += p
      sums[bin].observed += label ? 1 : 0
    }
    bins = sums.enumerated().filter { $0.element.count > 0 }.map { i, sum in
      let n = Double(sum.count)
      return Bin(
        low: edges[i], high: edges[i + 1], count: sum.count, meanPredicted: sum.predicted / n,
        observedRate: sum.observed / n)
    }
  }

  /// Expected calibration error: |predicted − observed| averaged over rows (Naeini et al., 2015).
  package var expectedError: Double {
    let total = bins.reduce(0) { $0 + $1.count }
    return bins.reduce(0) { $0 + Double($1.count) / Double(total) * abs($1.meanPredicted - $1.observedRate) }
  }

  private static func edges(_ probabilities: [Double], count: Int, binning: Binning) -> [Double] {
    guard binning == .quantile else { return Histogram.equalEdges(low: 0, high: 1, bins: count) }
    let cuts = Quantile.values(of: probabilities, at: (0...count).map { Double($0) / Double(count) })
    var edges: [Double] = []
    for cut in cuts where edges.last != cut && !cut.isNaN { edges.append(cut) }
    return edges.count > 1 ? edges : [edges.first ?? 0, (edges.first ?? 0) + 1]
  }
}

extension Array {
  /// The index of the first element for which `belongs` holds, in an array where all such elements stand at the end.
  func partitioningIndex(where belongs: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// A monotone map from scores to probabilities, fitted by pooling adjacent violators (Ayer et al., 1955).
package struct IsotonicCalibration: Sendable, Hashable, Codable {
  private let scores: [Double]
  private let rates: [Double]

  package init(labels: [Bool], scores: [Double]) throws {
    guard labels.count == scores.count, !labels.isEmpty else {
      throw MartletError.invalidInput("\(labels.count) labels with \(scores.count) scores")
    }
    var groups: [Double: (count: Double, sum: Double)] = [:]
    for (label, score) in zip(labels, scores) {
      let group = groups[score] ?? (0, 0)
      groups[score] = (group.count + 1, group.sum + (label ? 1 : 0))
    }
    let distinct = groups.keys.sorted()
    var blocks: [(count: Double, sum: Double, size: Int)] = []
    for score in distinct {
      let group = groups[score] ?? (0, 0)
      blocks.append((group.count, group.sum, 1))
      while blocks.count > 1, let last = blocks.last {
        let before = blocks[blocks.count - 2]
        guard before.sum / before.count >= last.sum / last.count else { break }
        blocks.removeLast(2)
        blocks.append((before.count + last.count, before.sum + last.sum, before.size + last.size))
      }
    }
    self.scores = distinct
    rates = blocks.flatMap { block in [Double](repeating: block.sum / block.count, count: block.size) }
  }

  /// The calibrated probability, linear between fitted scores and constant beyond them.
  package func callAsFunction(_ score: Double) -> Double {
    let above = scores.partitioningIndex { $0 >= score }
    guard above < scores.count else { return rates[rates.count - 1] }
    guard above > 0, scores[above] != score else { return rates[above] }
    let share = (score - scores[above - 1]) / (scores[above] - scores[above - 1])
    return rates[above - 1] + share * (rates[above] - rates[above - 1])
  }
}
