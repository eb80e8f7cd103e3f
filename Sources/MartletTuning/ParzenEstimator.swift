import Foundation
import MartletStatistics

/// A density over one parameter's scale from the values of some trials: a mixture of normal distributions cut off at
/// the bounds, one for each trial and one broad prior (Bergstra et al., "Algorithms for hyper-parameter
/// optimization", 2011; widths as in Optuna's univariate TPE).
struct ParzenEstimator {
  private let bounds: ClosedRange<Double>
  private let centres: [Double]
  private let widths: [Double]
  private let weights: [Double]
  /// Mass of each normal within the bounds.
  private let masses: [Double]

  init(values: [Double], bounds: ClosedRange<Double>, priorWeight: Double) {
    self.bounds = bounds
    let range = max(bounds.upperBound - bounds.lowerBound, 1e-12)
    let middle = (bounds.lowerBound + bounds.upperBound) / 2
    let kernels = values + [middle]
    let (centres, widths) = (kernels, Self.widths(kernels, bounds, range))
    self.centres = centres
    self.widths = widths
    let raw = Self.trialWeights(values.count) + [priorWeight]
    let total = raw.reduce(0, +)
    weights = raw.map { $0 / total }
    masses = zip(centres, widths).map { centre, width in
      max(
        NormalDistribution.cumulative((bounds.upperBound - centre) / width)
          - NormalDistribution.cumulative((bounds.lowerBound - centre) / width), 1e-300)
    }
  }

  /// Each kernel reaches to its farther neighbour, within range/min(100, 1+n) and the whole range; the prior (the
  /// last kernel) takes the whole range.
  private static func widths(_ kernels: [Double], _ bounds: ClosedRange<Double>, _ range: Double) -> [Double] {
    let order = kernels.indices.sorted { (kernels[$0], $0) < (kernels[$1], $1) }
    var widths = [Double](repeating: range, count: kernels.count)
    let smallest = range / Double(min(100, 1 + kernels.count))
    for (place, index) in order.enumerated() {
      let below = place > 0 ? kernels[order[place - 1]] : bounds.lowerBound
      let above = place + 1 < order.count ? kernels[order[place + 1]] : bounds.upperBound
      var width = max(kernels[index] - below, above - kernels[index])
      // At the ends only the neighbour counts, not the bound (Optuna's consider_endpoints=False).
      if order.count > 1, place == 0 { width = above - kernels[index] }
      if order.count > 1, place + 1 == order.count { width = kernels[index] - below }
      widths[index] = min(max(width, smallest), range)
    }
    widths[kernels.count - 1] = range
    return widths
  }

  /// All trials count alike up to 25; of more, the oldest count less and less, down to 1/n.
  static func trialWeights(_ count: Int) -> [Double] {
    guard count > 25 else { return [Double](repeating: 1, count: count) }
    let old = count - 25
    let ramp = (0..<old).map { i in
      old == 1 ? 1 / Double(count) : 1 / Double(count) + (1 - 1 / Double(count)) * Double(i) / Double(old - 1)
    }
    return ramp + [Double](repeating: 1, count: 25)
  }

  func draw(using generator: inout SeededGenerator) -> Double {
    var rest = generator.uniform()
    var kernel = weights.count - 1
    for (index, weight) in weights.enumerated() {
      rest -= weight
      if rest < 0 {
        kernel = index
        break
      }
    }
    let low = NormalDistribution.cumulative((bounds.lowerBound - centres[kernel]) / widths[kernel])
    let place = low + generator.uniform() * masses[kernel]
    let value = centres[kernel] + widths[kernel] * NormalDistribution.quantile(min(max(place, 1e-300), 1 - 1e-16))
    return min(max(value, bounds.lowerBound), bounds.upperBound)
  }

  /// ln of the density at a place; over an interval (a whole number's) ln of its mass.
  func logDensity(_ place: ClosedRange<Double>) -> Double {
    let terms = centres.indices.map { kernel -> Double in
      let (centre, width) = (centres[kernel], widths[kernel])
      let (a, b) = ((place.lowerBound - centre) / width, (place.upperBound - centre) / width)
      let part =
        a == b
        ? NormalDistribution.logDensity(a) - log(width)
        : log(max(NormalDistribution.cumulative(b) - NormalDistribution.cumulative(a), 1e-300))
      return part + log(weights[kernel]) - log(masses[kernel])
    }
    let largest = terms.max() ?? 0
    return largest + log(terms.reduce(0) { $0 + exp($1 - largest) })
  }
}

/// The same for a choice: counted, with a prior share for every option.
struct CategoricalEstimator {
  private let chances: [Double]

  init(places: [Int], options: Int, priorWeight: Double) {
    var counts = [Double](repeating: priorWeight / Double(options), count: options)
    for (place, weight) in zip(places, ParzenEstimator.trialWeights(places.count)) where place < options {
      counts[place] += weight
    }
    let total = counts.reduce(0, +)
    chances = counts.map { $0 / total }
  }

  func draw(using generator: inout SeededGenerator) -> Int {
    var rest = generator.uniform()
    for (option, chance) in chances.enumerated() {
      rest -= chance
      if rest < 0 { return option }
    }
    return chances.count - 1
  }

  func logChance(_ option: Int) -> Double { log(chances[option]) }
}
