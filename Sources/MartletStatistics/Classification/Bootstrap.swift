import MartletCore

/// An estimate with the range in which it lies at the given confidence.
package struct Interval: Sendable, Hashable, Codable {
  package var estimate: Double
  package var lower: Double
  package var upper: Double
  package var level: Double

  package init(estimate: Double, lower: Double, upper: Double, level: Double) {
    self.estimate = estimate
    self.lower = lower
    self.upper = upper
    self.level = level
  }
}

/// A metric that can be computed again when rows are drawn with replacement.
package enum ResampledMetric: Sendable {
  case rocAUC(RankedScores)
  case averagePrecision(RankedScores)
  /// The mean of one number for each row: Brier, log loss, value of a decision, accuracy.
  case mean([Double])
  /// The root of such a mean (RMSE).
  case rootMean([Double])

  var rowCount: Int {
    switch self {
    case .rocAUC(let ranked), .averagePrecision(let ranked): ranked.count
    case .mean(let values), .rootMean(let values): values.count
    }
  }

  func value(_ weights: UnsafeBufferPointer<UInt16>) -> Double {
    switch self {
    case .rocAUC(let ranked): return ranked.rocAUC(weights: weights)
    case .averagePrecision(let ranked): return ranked.averagePrecision(weights: weights)
    case .mean(let values): return Self.mean(values, weights)
    case .rootMean(let values): return Self.mean(values, weights).squareRoot()
    }
  }

  private static func mean(_ values: [Double], _ weights: UnsafeBufferPointer<UInt16>) -> Double {
    values.withUnsafeBufferPointer { values in
      var (sum, count) = (0.0, 0)
      for i in 0..<values.count {
        sum += values[i] * Double(weights[i])
        count += Int(weights[i])
      }
      return sum / Double(count)
    }
  }
}

/// Percentile intervals by drawing rows with replacement (Efron, 1979); the seed decides every draw.
///
/// Rows are never copied: each resample is a count per row, and ranking metrics were sorted once beforehand.
package struct Bootstrap: Sendable, Hashable, Codable {
  package var resamples: Int
  package var level: Double
  package var seed: UInt64

  package init(resamples: Int = 500, level: Double = 0.95, seed: UInt64 = 7) {
    self.resamples = resamples
    self.level = level
    self.seed = seed
  }

  /// Intervals of several metrics over the same rows, sharing the draws.
  package func intervals(_ metrics: [ResampledMetric]) throws -> [Interval] {
    let (estimates, draws) = try resample(metrics)
    return zip(estimates, draws).map { interval($0, $1) }
  }

  package func interval(_ metric: ResampledMetric) throws -> Interval { try intervals([metric])[0] }

  /// Interval of metric(a) − metric(b), both computed on the same drawn rows each time.
  package func difference(_ a: ResampledMetric, minus b: ResampledMetric) throws -> Interval {
    let (estimates, draws) = try resample([a, b])
    return interval(estimates[0] - estimates[1], zip(draws[0], draws[1]).map { $0 - $1 })
  }

  /// Interval of any metric of row numbers; slower, since `metric` sees all rows each time.
  package func interval(rows: Int, _ metric: ([Int]) -> Double) -> Interval {
    let draws = (0..<resamples).map { resample in
      var generator = SeededGenerator(seed: seed, stream: UInt64(resample))
      return metric((0..<rows).map { _ in generator.index(below: rows) })
    }
    return interval(metric(Array(0..<rows)), draws)
  }

  private func resample(_ metrics: [ResampledMetric]) throws -> (estimates: [Double], draws: [[Double]]) {
    guard let rows = metrics.first?.rowCount, rows > 0, metrics.allSatisfy({ $0.rowCount == rows }) else {
      throw MartletError.invalidInput(
        "a bootstrap needs at least one row, and the same rows for all its metrics",
        fix: "the metrics have \(metrics.map { "\($0.rowCount)" }.joined(separator: ", ")) rows")
    }
    guard resamples > 1, level > 0, level < 1 else {
      throw MartletError.invalidInput("a bootstrap needs 2 or more resamples and a level between 0 and 1")
    }
    var weights = [UInt16](repeating: 1, count: rows)
    let estimates = weights.withUnsafeBufferPointer { ones in metrics.map { $0.value(ones) } }
    var draws = [[Double]](repeating: [], count: metrics.count)
    for index in 0..<resamples {
      var generator = SeededGenerator(seed: seed, stream: UInt64(index))
      weights.withUnsafeMutableBufferPointer { Self.draw(into: $0, using: &generator) }
      weights.withUnsafeBufferPointer { drawn in
        for i in metrics.indices { draws[i].append(metrics[i].value(drawn)) }
      }
    }
    return (estimates, draws)
  }

  /// Fills with how often each row is drawn in as many draws as there are rows, two draws from each 64 random bits.
  static func draw(into weights: UnsafeMutableBufferPointer<UInt16>, using generator: inout SeededGenerator) {
    weights.update(repeating: 0)
    let count = UInt64(weights.count)
    for i in 0..<(weights.count + 1) / 2 {
      let bits = generator.next()
      weights[Int(((bits >> 32) &* count) >> 32)] += 1
      if 2 * i + 1 < weights.count { weights[Int(((bits & 0xFFFF_FFFF) &* count) >> 32)] += 1 }
    }
  }

  /// The middle `level` of the draws; draws in which a class was absent (NaN) are left out.
  private func interval(_ estimate: Double, _ draws: [Double]) -> Interval {
    let tail = (1 - level) / 2
    let ends = Quantile.values(of: draws, at: [tail, 1 - tail])
    return Interval(estimate: estimate, lower: ends[0], upper: ends[1], level: level)
  }
}
