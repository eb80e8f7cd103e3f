/// Quantiles by linear interpolation between order statistics (type 7 of Hyndman and Fan, 1996; numpy's default).
package enum Quantile {
  /// The quantile of values already in ascending order and free of NaN; NaN when there are none.
  package static func value(ofSorted sorted: [Double], at probability: Double) -> Double {
    guard !sorted.isEmpty else { return .nan }
    let position = min(max(probability, 0), 1) * Double(sorted.count - 1)
    let below = Int(position)
    let fraction = position - Double(below)
    guard fraction > 0 else { return sorted[below] }
    return interpolate(sorted[below], sorted[below + 1], fraction)
  }

  /// Quantiles of any values; NaN is left out.
  package static func values(of values: [Double], at probabilities: [Double]) -> [Double] {
    let sorted = values.filter { !$0.isNaN }.sorted()
    return probabilities.map { value(ofSorted: sorted, at: $0) }
  }

  /// The middle value; NaN is left out.
  package static func median(_ values: [Double]) -> Double { Self.values(of: values, at: [0.5])[0] }

  static func interpolate(_ low: Double, _ high: Double, _ fraction: Double) -> Double {
    // numpy's order of operations, so that the last bit agrees too.
    fraction >= 0.5 ? high - (high - low) * (1 - fraction) : low + (high - low) * fraction
  }
}
