package import MartletCore
import MartletStatistics

/// Proposes parameters (ask) and learns what they were worth (tell). What it proposes depends only on its seed and on
/// the order of asking and telling.
package protocol Sampler: Sendable {
  /// The next parameters to try; nil when there are none left.
  mutating func ask() -> [String: JSON]?
  /// What a trial came to, smaller being better; a failed one is told with an infinite loss.
  mutating func tell(_ parameters: [String: JSON], loss: Double)
}

/// The samplers by their names in project files.
package enum SamplerKind: String, Sendable, Hashable, Codable, CaseIterable {
  case tpe
  case random
  case grid

  /// The sampler of that name, or an error with a suggestion.
  package static func named(_ name: String) throws -> SamplerKind {
    if let kind = SamplerKind(rawValue: name) { return kind }
    let known = allCases.map(\.rawValue)
    throw MartletError.invalidInput(
      "unknown sampler '\(name.prefix(40))'\(didYouMean(name, among: known))",
      fix: "the samplers are: \(known.joined(separator: ", "))")
  }

  /// A sampler for a study of so many trials.
  func sampler(_ space: SearchSpace, trials: Int, seed: UInt64) -> any Sampler {
    switch self {
    case .tpe: TPESampler(space: space, seed: seed, randomTrials: min(10, max(2, trials / 2)))
    case .random: RandomSampler(space: space, seed: seed)
    case .grid: GridSampler(space: space, trials: trials)
    }
  }
}

/// Independent draws with even chances over every range.
package struct RandomSampler: Sampler {
  private let space: SearchSpace
  private var generator: SeededGenerator

  package init(space: SearchSpace, seed: UInt64) {
    self.space = space
    generator = SeededGenerator(seed: seed)
  }

  package mutating func ask() -> [String: JSON]? {
    var parameters: [String: JSON] = [:]
    for dimension in space.dimensions { parameters[dimension.name] = dimension.range.value(at: generator.uniform()) }
    return parameters
  }

  package mutating func tell(_ parameters: [String: JSON], loss: Double) {}
}

/// Every combination of evenly placed values once, the last dimension changing fastest.
package struct GridSampler: Sampler {
  private let names: [String]
  private let values: [[JSON]]
  private var next = 0

  /// Ranges are cut into as many values, 2 to 10, as keep the grid within so many trials; choices are all taken.
  package init(space: SearchSpace, trials: Int) {
    let steps = (2...10).last { Self.size(space, steps: $0) <= trials } ?? 2
    self.init(space: space, steps: steps)
  }

  /// Ranges are cut into `steps` values from end to end.
  package init(space: SearchSpace, steps: Int) {
    names = space.dimensions.map(\.name)
    values = space.dimensions.map { Self.values(of: $0.range, steps: max(1, steps)) }
  }

  /// How many combinations there are.
  package var count: Int { values.reduce(1) { Self.product($0, $1.count) } }

  package mutating func ask() -> [String: JSON]? {
    guard next < count else { return nil }
    var rest = next
    next += 1
    var parameters: [String: JSON] = [:]
    for (name, options) in zip(names, values).reversed() {
      parameters[name] = options[rest % options.count]
      rest /= options.count
    }
    return parameters
  }

  package mutating func tell(_ parameters: [String: JSON], loss: Double) {}

  private static func size(_ space: SearchSpace, steps: Int) -> Int {
    space.dimensions.reduce(1) { product($0, values(of: $1.range, steps: steps).count) }
  }

  private static func product(_ a: Int, _ b: Int) -> Int {
    let (result, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? .max : result
  }

  private static func values(of range: SearchSpace.Range, steps: Int) -> [JSON] {
    if case .choice(let values) = range { return values }
    var seen: Set<JSON> = []
    return (0..<steps).map { step in
      range.value(at: steps > 1 ? Double(step) / Double(steps - 1) : 0.5)
    }.filter { seen.insert($0).inserted }
  }
}
