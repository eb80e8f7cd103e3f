package import MartletCore
import MartletStatistics

/// Suggests parameters by the tree-structured Parzen estimator, one dimension at a time.
///
/// After some random trials the observations are cut into the best tenth (25 at most) and the rest; each side becomes a
/// mixture of Gaussians with a wide prior, and of 24 candidates drawn from the good side the one with the largest ratio
/// of densities is suggested. What was asked and not told yet counts among the rest, so that a batch spreads out.
/// Source: Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (2011); the defaults are Optuna's.
package struct TPESampler: Sampler {
  private static let candidates = 24
  private static let priorWeight = 1.0

  private let space: SearchSpace
  private let randomTrials: Int
  private var generator: SeededGenerator
  private var told: [(parameters: [String: JSON], loss: Double)] = []
  private var running: [[String: JSON]] = []

  package init(space: SearchSpace, seed: UInt64, randomTrials: Int = 10) {
    self.space = space
    self.randomTrials = randomTrials
    generator = SeededGenerator(seed: seed)
  }

  package mutating func ask() -> [String: JSON]? {
    let isModelled = told.count + running.count >= randomTrials && told.contains { $0.loss.isFinite }
    let sides = isModelled ? split() : nil
    var parameters: [String: JSON] = [:]
    for dimension in space.dimensions {
      parameters[dimension.name] =
        sides.map { suggest(dimension, good: $0.good, rest: $0.rest) } ?? dimension.range.value(at: generator.uniform())
    }
    running.append(parameters)
    return parameters
  }

  package mutating func tell(_ parameters: [String: JSON], loss: Double) {
    if let index = running.firstIndex(of: parameters) { running.remove(at: index) }
    told.append((parameters, loss.isNaN ? .infinity : loss))
  }

  /// The best ⌈0.1 n⌉ trials and the others, both in the order of time; of equal losses the earlier is the better.
  private func split() -> (good: [[String: JSON]], rest: [[String: JSON]]) {
    let ranked = told.indices.sorted { (told[$0].loss, $0) < (told[$1].loss, $1) }
    let good = Set(ranked.prefix(min(25, (told.count + 9) / 10)))
    return (
      told.indices.filter(good.contains).map { told[$0].parameters },
      told.indices.filter { !good.contains($0) }.map { told[$0].parameters } + running
    )
  }

  private mutating func suggest(_ dimension: SearchSpace.Dimension, good: [[String: JSON]], rest: [[String: JSON]])
    -> JSON
  {
    let range = dimension.range
    func places(_ trials: [[String: JSON]]) -> [Double] {
      trials.compactMap { $0[dimension.name].flatMap(range.place) }
    }
    let (goodPlaces, restPlaces) = (places(good), places(rest))
    if case .choice(let values) = range { return suggest(among: values, good: goodPlaces, rest: restPlaces) }
    let goodSide = ParzenEstimator(values: goodPlaces, bounds: 0...1, priorWeight: Self.priorWeight)
    let restSide = ParzenEstimator(values: restPlaces, bounds: 0...1, priorWeight: Self.priorWeight)
    var best = (value: JSON.null, ratio: -Double.infinity)
    for _ in 0..<Self.candidates {
      let value = range.value(at: goodSide.draw(using: &generator))
      guard let cell = range.cell(of: value) else { continue }
      let ratio = goodSide.logDensity(cell) - restSide.logDensity(cell)
      if ratio > best.ratio { best = (value, ratio) }
    }
    return best.value.isNull ? range.value(at: generator.uniform()) : best.value
  }

  private mutating func suggest(among values: [JSON], good: [Double], rest: [Double]) -> JSON {
    func side(_ places: [Double]) -> CategoricalEstimator {
      CategoricalEstimator(
        places: places.map { Int($0 * Double(values.count)) }, options: values.count, priorWeight: Self.priorWeight)
    }
    let (goodSide, restSide) = (side(good), side(rest))
    var best = (option: 0, ratio: -Double.infinity)
    for _ in 0..<Self.candidates {
      let option = goodSide.draw(using: &generator)
      let ratio = goodSide.logChance(option) - restSide.logChance(option)
      if ratio > best.ratio { best = (option, ratio) }
    }
    return values[best.option]
  }
}
