import Foundation

/// Distances between two distributions over the same bins.
extension Shares {
  /// Population stability index: Σ (q − p) ln(q/p), empty bins raised to a small share.
  package var populationStability: Double {
    let filled = withoutZeroes
    return zip(filled.reference, filled.current).reduce(0) { $0 + ($1.1 - $1.0) * log($1.1 / $1.0) }
  }

  /// Kullback–Leibler divergence of the reference from the current data in nats, Σ p ln(p/q), shares brought to sum 1
  /// after raising empty bins.
  package var kullbackLeibler: Double {
    let filled = withoutZeroes
    let (p, q) = (Self.normalised(filled.reference), Self.normalised(filled.current))
    return zip(p, q).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
  }

  /// Jensen–Shannon distance: the square root of the divergence from the mean distribution, natural logarithm
  /// (`scipy.spatial.distance.jensenshannon`); at most √ln 2 = 0.8326.
  package var jensenShannon: Double {
    let divergence = zip(reference, current).reduce(0) { sum, pair in
      let middle = (pair.0 + pair.1) / 2
      func part(_ share: Double) -> Double { share > 0 ? share * log(share / middle) : 0 }
      return sum + part(pair.0) + part(pair.1)
    }
    return max(0, divergence / 2).squareRoot()
  }

  /// Hellinger distance, √(½ Σ (√p − √q)²), between 0 and 1.
  package var hellinger: Double {
    (zip(reference, current).reduce(0) { $0 + pow($1.0.squareRoot() - $1.1.squareRoot(), 2) } / 2).squareRoot()
  }

  /// Total variation distance, ½ Σ |p − q|, between 0 and 1.
  package var totalVariation: Double { zip(reference, current).reduce(0) { $0 + abs($1.0 - $1.1) } / 2 }

  /// The largest difference of one bin's share.
  package var largestDifference: Double { zip(reference, current).reduce(0) { max($0, abs($1.0 - $1.1)) } }

  private static func normalised(_ shares: [Double]) -> [Double] {
    let total = shares.reduce(0, +)
    return shares.map { $0 / total }
  }
}

/// Distances between two samples of numbers, computed over all their values in order.
package enum SampleDistance {
  /// Kolmogorov–Smirnov: the largest difference of the two empirical distribution functions, with its two-sided
  /// p-value (the distribution of Dₙ at n = n₁n₂/(n₁+n₂), as scipy's `ks_2samp(method="asymp")`).
  package static func kolmogorovSmirnov(_ a: NumericSample, _ b: NumericSample) -> (statistic: Double, pValue: Double) {
    guard !a.isEmpty, !b.isEmpty else { return (.nan, .nan) }
    var largest = 0.0
    walk(a, b) { _, shareA, shareB, _ in largest = max(largest, abs(shareA - shareB)) }
    let effective = (a.count * b.count / (a.count + b.count)).rounded(.toNearestOrEven)
    return (largest, KolmogorovDistribution.survival(largest, count: effective))
  }

  /// Wasserstein-1 (earth mover's) distance: the area between the two distribution functions, in the values' unit.
  package static func wasserstein(_ a: NumericSample, _ b: NumericSample) -> Double {
    guard !a.isEmpty, !b.isEmpty else { return .nan }
    var area = 0.0
    walk(a, b) { value, shareA, shareB, next in area += abs(shareA - shareB) * (next - value) }
    return area
  }

  /// Wasserstein-1 divided by the reference's standard deviation, but at least by 0.001 (Evidently's norm).
  package static func normedWasserstein(reference: NumericSample, current: NumericSample) -> Double {
    wasserstein(reference, current) / max(reference.populationDeviation, 0.001)
  }

  /// Visits every distinct value in order with both distribution functions there, and the value that follows.
  private static func walk(
    _ a: NumericSample, _ b: NumericSample, _ visit: (_ value: Double, Double, Double, _ next: Double) -> Void
  ) {
    var (i, j, countA, countB) = (0, 0, 0.0, 0.0)
    while i < a.values.count || j < b.values.count {
      let value = min(
        i < a.values.count ? a.values[i] : .infinity, j < b.values.count ? b.values[j] : .infinity)
      if i < a.values.count, a.values[i] == value { countA += a.counts[i]; i += 1 }
      if j < b.values.count, b.values[j] == value { countB += b.counts[j]; j += 1 }
      let next = min(i < a.values.count ? a.values[i] : .infinity, j < b.values.count ? b.values[j] : .infinity)
      visit(value, countA / a.count, countB / b.count, next == .infinity ? value : next)
    }
  }
}
