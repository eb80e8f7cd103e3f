/// A debiased exponential moving average, as TensorBoard draws it.
///
/// With weight w in 0 ..< 1: s₀ = 0, sₜ = w·sₜ₋₁ + (1 − w)·xₜ, shown is sₜ / (1 − wᵗ), so that the first values are
/// not drawn towards zero. Missing and infinite values are passed over and leave gaps.
package enum ExponentialAverage {
  package static func of(_ values: [Double?], weight: Double) -> [Double?] {
    guard weight > 0, weight < 1 else { return values }
    var (sum, remaining) = (0.0, 1.0)
    return values.map { value in
      guard let value, value.isFinite else { return nil }
      sum = weight * sum + (1 - weight) * value
      remaining *= weight
      return sum / (1 - remaining)
    }
  }
}
