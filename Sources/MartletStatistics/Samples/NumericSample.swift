import MartletCore

/// A sample of numbers as its distinct values in ascending order, each with how often it occurs.
///
/// Raw arrays and value counts read from a database become the same thing, so every distance has one implementation.
package struct NumericSample: Sendable, Hashable, Codable {
  package let values: [Double]
  /// One positive count for each value.
  package let counts: [Double]
  /// How many numbers there are, missing ones not counted.
  package let count: Double
  package let missing: Double

  /// From raw numbers; NaN is missing.
  package init(_ numbers: [Double]) {
    let sorted = numbers.filter { !$0.isNaN }.sorted()
    var values: [Double] = []
    var counts: [Double] = []
    for number in sorted {
      if values.last == number { counts[counts.count - 1] += 1 } else { values.append(number); counts.append(1) }
    }
    self.init(ascending: values, counts: counts, missing: Double(numbers.count - sorted.count))
  }

  /// From values in any order with their counts; counts of zero are dropped, equal values added up.
  package init(values: [Double], counts: [Double], missing: Double = 0) throws {
    guard values.count == counts.count else {
      throw MartletError.invalidInput("\(values.count) values with \(counts.count) counts")
    }
    guard counts.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      throw MartletError.invalidInput("a count is negative or not a number")
    }
    var total: [Double: Double] = [:]
    var nan = missing
    for (value, count) in zip(values, counts) where count > 0 {
      if value.isNaN { nan += count } else { total[value, default: 0] += count }
    }
    let ascending = total.keys.sorted()
    self.init(ascending: ascending, counts: ascending.map { total[$0] ?? 0 }, missing: nan)
  }

  private init(ascending values: [Double], counts: [Double], missing: Double) {
    self.values = values
    self.counts = counts
    self.missing = missing
    count = counts.reduce(0, +)
  }

  package var isEmpty: Bool { count == 0 }
  package var missingShare: Double { count + missing > 0 ? missing / (count + missing) : 0 }

  package var mean: Double { zip(values, counts).reduce(0) { $0 + $1.0 * $1.1 } / count }

  /// √(Σ(x − x̄)²/n).
  package var populationDeviation: Double {
    let mean = mean
    return (zip(values, counts).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 } / count).squareRoot()
  }

  /// Quantiles as `Quantile` gives for the raw numbers.
  package func quantiles(at probabilities: [Double]) -> [Double] {
    guard let last = values.last else { return probabilities.map { _ in .nan } }
    var cumulative = 0.0
    let upTo = counts.map {
      cumulative += $0; return cumulative
    }
    func order(_ rank: Double) -> Double {
      var (low, high) = (0, upTo.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if upTo[middle] > rank { high = middle } else { low = middle + 1 }
      }
      return low < values.count ? values[low] : last
    }
    return probabilities.map { probability in
      let position = min(max(probability, 0), 1) * (count - 1)
      let below = position.rounded(.down)
      guard position > below else { return order(below) }
      return Quantile.interpolate(order(below), order(below + 1), position - below)
    }
  }
}
