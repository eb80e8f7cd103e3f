import Foundation
package import MartletCore
import MartletStatistics

/// Suggests parameters by the tree-structured Parzen estimator, one dimension at a time.
///
/// The observations are cut into the best tenth (at most 25) and the rest; each side becomes a mixture of Gaussians with
/// a wide prior, and of 24 candidates drawn from the good side the one with the largest ratio of densities is
/// suggested. Source: Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (2011); the defaults are Optuna's.
/// The first trials are random. The same seed and the same observations give the same suggestions.
package struct TPESampler: Sendable {
  package struct Observation: Sendable, Hashable, Codable {
    package var parameters: [String: JSON]
    /// Smaller is better.
    package var loss: Double
  }

  private let space: SearchSpace
  private let randomTrials: Int
  private var generator: SeededGenerator
  private var observations: [Observation] = []

  package init(space: SearchSpace, seed: UInt64, randomTrials: Int = 10) {
    self.space = space
    self.randomTrials = randomTrials
    generator = SeededGenerator(seed: seed)
  }

  /// The next parameters to try.
  package mutating func ask() -> [String: JSON] {
    let usable = observations.filter { $0.loss.isFinite }.sorted { $0.loss < $1.loss }
    let goodCount = min(25, max(1, Int((0.1 * Double(usable.count)).rounded(.up))))
    var parameters: [String: JSON] = [:]
    for dimension in space.dimensions {
      if usable.count < randomTrials {
        parameters[dimension.name] = dimension.range.value(at: Double.random(in: 0..<1, using: &generator))
      } else {
        let places = usable.compactMap { $0.parameters[dimension.name].flatMap(dimension.range.place) }
        parameters[dimension.name] = suggest(
          dimension.range, good: Array(places.prefix(goodCount)), rest: Array(places.dropFirst(goodCount)))
      }
    }
    return parameters
  }

  /// What a trial came to; a failed one is told with an infinite loss.
  package mutating func tell(_ parameters: [String: JSON], loss: Double) {
    observations.append(Observation(parameters: parameters, loss: loss))
  }

  private mutating func suggest(_ range: SearchSpace.Range, good: [Double], rest: [Double]) -> JSON {
    if case .choice(let values) = range { return suggest(among: values, good: good, rest: rest) }
    let (goodSide, restSide) = (ParzenMixture(good), ParzenMixture(rest))
    var best = (place: 0.5, ratio: -Double.infinity)
    for _ in 0..<24 {
      let place = goodSide.draw(using: &generator)
      let ratio = goodSide.logDensity(place) - restSide.logDensity(place)
      if ratio > best.ratio { best = (place, ratio) }
    }
    return range.value(at: best.place)
  }

  /// For choices both sides are counts with one added for each value.
  private mutating func suggest(among values: [JSON], good: [Double], rest: [Double]) -> JSON {
    func weights(_ places: [Double]) -> [Double] {
      var counts = [Double](repeating: 1, count: values.count)
      for place in places { counts[min(values.count - 1, Int(place * Double(values.count)))] += 1 }
      let total = counts.reduce(0, +)
      return counts.map { $0 / total }
    }
    let (goodSide, restSide) = (weights(good), weights(rest))
    var best = (index: 0, ratio: -Double.infinity)
    for _ in 0..<24 {
      var target = Double.random(in: 0..<1, using: &generator)
      let index = goodSide.firstIndex { weight in
        target -= weight
        return target < 0
      } ?? values.count - 1
      let ratio = goodSide[index] / restSide[index]
      if ratio > best.ratio { best = (index, ratio) }
    }
    return values[best.index]
  }
}

/// Gaussians around points of the unit interval, cut off at its ends, and one wide prior in the middle.
private struct ParzenMixture {
  private let centres: [Double]
  private let widths: [Double]

  /// Each width is the larger distance to a neighbour, not below 1/min(100, n + 1) (Optuna's "magic clip").
  init(_ points: [Double]) {
    let sorted = (points + [0.5]).sorted()
    let smallest = 1 / Double(min(100, sorted.count + 1))
    centres = sorted
    widths = sorted.indices.map { index in
      if sorted[index] == 0.5, !points.contains(0.5) { return 1 }
      let left = index > 0 ? sorted[index] - sorted[index - 1] : sorted[index]
      let right = index + 1 < sorted.count ? sorted[index + 1] - sorted[index] : 1 - sorted[index]
      return min(1, max(smallest, max(left, right)))
    }
  }

  func draw(using generator: inout SeededGenerator) -> Double {
    let index = Int.random(in: 0..<centres.count, using: &generator)
    for _ in 0..<100 {
      let radius = (-2 * log(Double.random(in: 1e-12..<1, using: &generator))).squareRoot()
      let place = centres[index] + widths[index] * radius * cos(2 * .pi * Double.random(in: 0..<1, using: &generator))
      if (0..<1).contains(place) { return place }
    }
    return centres[index]
  }

  func logDensity(_ place: Double) -> Double {
    let densities = zip(centres, widths).map { centre, width -> Double in
      let inside = Self.normal((1 - centre) / width) - Self.normal(-centre / width)
      let distance = (place - centre) / width
      return exp(-distance * distance / 2) / (width * (2 * .pi).squareRoot() * inside)
    }
    return log(densities.reduce(0, +) / Double(densities.count) + 1e-300)
  }

  private static func normal(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }
}

extension SearchSpace.Range {
  /// The value at a place of the unit interval.
  func value(at place: Double) -> JSON {
    switch self {
    case .real(let from, let to, let isLog):
      return .double(isLog ? exp(log(from) + place * (log(to) - log(from))) : from + place * (to - from))
    case .whole(let from, let to, let isLog):
      let (low, high) = (Double(from) - 0.5, Double(to) + 0.5)
      let value = isLog ? exp(log(Swift.max(low, 0.5)) + place * (log(high) - log(Swift.max(low, 0.5)))) : low + place * (high - low)
      return .integer(Swift.min(to, Swift.max(from, Int64(value.rounded()))))
    case .choice(let values): return values[Swift.min(values.count - 1, Int(place * Double(values.count)))]
    }
  }

  /// The inverse of `value(at:)`; nil for a value outside the range.
  func place(_ value: JSON) -> Double? {
    switch self {
    case .real(let from, let to, let isLog):
      guard let number = value.double, (from...to).contains(number) else { return nil }
      return isLog ? (log(number) - log(from)) / (log(to) - log(from)) : (number - from) / (to - from)
    case .whole(let from, let to, let isLog):
      guard let number = value.integer, (from...to).contains(number) else { return nil }
      let (low, high) = (isLog ? Swift.max(Double(from) - 0.5, 0.5) : Double(from) - 0.5, Double(to) + 0.5)
      return isLog ? (log(Double(number)) - log(low)) / (log(high) - log(low)) : (Double(number) - low) / (high - low)
    case .choice(let values):
      return values.firstIndex(of: value).map { (Double($0) + 0.5) / Double(values.count) }
    }
  }
}
