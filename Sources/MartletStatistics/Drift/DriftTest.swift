import MartletCore

/// A way to measure how far current data have moved from a reference; raw values are the names used in project files.
package enum DriftMeasure: String, Sendable, Hashable, Codable, CaseIterable {
  /// Population stability index over deciles of the reference (categories: each for itself).
  case psi
  /// Population stability index over Evidently's bins.
  case psiSturges = "psi_sturges"
  case kullbackLeibler = "kl"
  case jensenShannon = "js"
  case hellinger
  case totalVariation = "tvd"
  /// Normed by the reference's standard deviation.
  case wasserstein
  case kolmogorovSmirnov = "ks"
  case chiSquare = "chi2"
  case cramersV = "cramers_v"
  /// z-test of proportions, for columns of two values.
  case proportion = "z"

  /// True when the judgement is on a p-value below a threshold, not on a distance above one.
  package var isSignificanceTest: Bool {
    switch self {
    case .kolmogorovSmirnov, .chiSquare, .proportion: true
    default: false
    }
  }

  /// The customary limit: 0.05 for p-values, 0.2 for PSI, 0.1 for the other distances (Evidently's defaults).
  package var defaultThreshold: Double {
    isSignificanceTest ? 0.05 : self == .psi || self == .psiSturges ? 0.2 : 0.1
  }

  /// The measure of that name, `default` meaning none in particular.
  package static func named(_ name: String) throws -> DriftMeasure? {
    if name == "default" { return nil }
    guard let measure = DriftMeasure(rawValue: name) else {
      let known = allCases.map(\.rawValue) + ["default"]
      throw MartletError.invalidInput(
        "unknown drift test '\(name)'\(didYouMean(name, among: known))",
        fix: "the tests are: \(known.joined(separator: ", "))")
    }
    return measure
  }
}

/// What one test found in one column.
package struct DriftResult: Sendable, Hashable, Codable {
  package var measure: DriftMeasure
  /// The distance, or the test's statistic.
  package var statistic: Double
  package var pValue: Double?
  package var threshold: Double
  package var drifted: Bool

  /// What is compared with the threshold: the p-value where there is one, else the statistic.
  package var score: Double { pValue ?? statistic }

  init(_ measure: DriftMeasure, _ statistic: Double, pValue: Double? = nil, threshold: Double?) {
    self.measure = measure
    self.statistic = statistic
    self.pValue = pValue
    let limit = threshold ?? measure.defaultThreshold
    self.threshold = limit
    drifted = pValue.map { $0 < limit } ?? (statistic >= limit)
  }
}

/// Compares a current sample with a reference, by a named measure or by Evidently's default choice.
package struct DriftTest: Sendable, Hashable, Codable {
  /// Nil chooses for each column.
  package var measure: DriftMeasure?
  /// Nil takes the measure's own.
  package var threshold: Double?

  package init(_ measure: DriftMeasure? = nil, threshold: Double? = nil) {
    self.measure = measure
    self.threshold = threshold
  }

  /// Compares numbers; both sides need a value that is not missing.
  package func compare(reference: NumericSample, current: NumericSample) throws -> DriftResult {
    guard !reference.isEmpty, !current.isEmpty else {
      throw MartletError.invalidInput("drift needs at least one value on each side that is not missing")
    }
    let measure = measure ?? Self.defaultMeasure(reference: reference, current: current)
    switch measure {
    case .kolmogorovSmirnov:
      let (statistic, p) = SampleDistance.kolmogorovSmirnov(reference, current)
      return DriftResult(measure, statistic, pValue: p, threshold: threshold)
    case .wasserstein:
      let distance = SampleDistance.normedWasserstein(reference: reference, current: current)
      return DriftResult(measure, distance, threshold: threshold)
    case .chiSquare, .cramersV, .proportion:
      return try compare(reference: reference.asCategories, current: current.asCategories, by: measure)
    case .psi: return try distance(measure, .quantileBins(reference: reference, current: current))
    default: return try distance(measure, .sturgesBins(reference: reference, current: current))
    }
  }

  /// Compares counts of categories.
  package func compare(reference: [String: Double], current: [String: Double]) throws -> DriftResult {
    try compare(
      reference: reference, current: current,
      by: measure ?? Self.defaultMeasure(reference: reference, current: current))
  }

  private func compare(reference: [String: Double], current: [String: Double], by measure: DriftMeasure) throws
    -> DriftResult
  {
    let keys = Set(reference.keys).union(current.keys).sorted()
    let (a, b) = (keys.map { reference[$0] ?? 0 }, keys.map { current[$0] ?? 0 })
    switch measure {
    case .chiSquare:
      let test = try CountTest.goodnessOfFit(reference: a, current: b)
      return DriftResult(measure, test.statistic, pValue: test.pValue, threshold: threshold)
    case .cramersV:
      return DriftResult(measure, try CountTest.independence([a, b]).cramersV, threshold: threshold)
    case .proportion:
      let last = keys.count - 1
      let test = CountTest.proportions(a[last], of: a.reduce(0, +), b[last], of: b.reduce(0, +))
      return DriftResult(measure, test.statistic, pValue: test.pValue, threshold: threshold)
    case .kolmogorovSmirnov, .wasserstein:
      throw MartletError.invalidInput(
        "the drift test '\(measure.rawValue)' compares numbers, and the column holds text",
        fix: "use psi, js, chi2 or default")
    default: return try distance(measure, Shares(reference: a, current: b))
    }
  }

  private func distance(_ measure: DriftMeasure, _ shares: Shares) throws -> DriftResult {
    let value: Double
    switch measure {
    case .kullbackLeibler: value = shares.kullbackLeibler
    case .jensenShannon: value = shares.jensenShannon
    case .hellinger: value = shares.hellinger
    case .totalVariation: value = shares.totalVariation
    default: value = shares.populationStability
    }
    return DriftResult(measure, value, threshold: threshold)
  }

  /// Evidently 0.7's choice for numbers: above 1000 reference rows Wasserstein, or Jensen–Shannon up to 5 distinct
  /// values; below it Kolmogorov–Smirnov, or for few distinct values chi-square (two: the z-test).
  package static func defaultMeasure(reference: NumericSample, current: NumericSample) -> DriftMeasure {
    let distinct = Set(reference.values).union(current.values).count
    guard distinct <= 5 else { return reference.count > 1000 ? .wasserstein : .kolmogorovSmirnov }
    return reference.count > 1000 ? .jensenShannon : distinct > 2 ? .chiSquare : .proportion
  }

  /// Evidently 0.7's choice for categories.
  package static func defaultMeasure(reference: [String: Double], current: [String: Double]) -> DriftMeasure {
    if reference.values.reduce(0, +) > 1000 { return .jensenShannon }
    return Set(reference.keys).union(current.keys).count > 2 ? .chiSquare : .proportion
  }
}

extension NumericSample {
  /// Distinct numbers taken as categories, in a text that sorts as the numbers do for two values.
  var asCategories: [String: Double] {
    Dictionary(zip(values.map { "\($0)" }, counts), uniquingKeysWith: +)
  }
}
