/// Count, mean and variance in one pass (Welford, 1962); NaN is counted as missing and left out of the rest.
package struct Moments: Sendable, Hashable, Codable {
  package private(set) var count = 0
  package private(set) var missing = 0
  package private(set) var mean = 0.0
  package private(set) var minimum = Double.infinity
  package private(set) var maximum = -Double.infinity
  private var squares = 0.0

  package init() {}

  package init(_ values: some Sequence<Double>) {
    for value in values { add(value) }
  }

  package mutating func add(_ value: Double) {
    guard !value.isNaN else { return missing += 1 }
    count += 1
    let distance = value - mean
    mean += distance / Double(count)
    squares += distance * (value - mean)
    minimum = Swift.min(minimum, value)
    maximum = Swift.max(maximum, value)
  }

  /// Σ(x − x̄)²/n.
  package var populationVariance: Double { count > 0 ? squares / Double(count) : .nan }
  /// Σ(x − x̄)²/(n − 1).
  package var sampleVariance: Double { count > 1 ? squares / Double(count - 1) : .nan }
  package var populationDeviation: Double { populationVariance.squareRoot() }
  package var sampleDeviation: Double { sampleVariance.squareRoot() }
}
