import MartletCore

/// How limits are learned when the baseline itself may hold points out of control.
package enum RobustBaseline: String, Sendable, Hashable, Codable, CaseIterable {
  /// All points count.
  case none
  /// Points beyond the limits are left out and the limits computed again, until none is beyond or half are left
  /// (phase I analysis).
  case exclusion
  /// Centre by the median, sigma by the median moving range / 0.9539 (individuals and EWMA; others exclude).
  case median
}

/// What to chart and how to judge it.
package struct ControlChartDefinition: Sendable, Hashable, Codable {
  package var kind: ChartKind
  package var rules: ControlRuleSet
  package var robust: RobustBaseline
  /// Distance of the limits from the centre in sigmas.
  package var width: Double
  /// λ of an EWMA chart, in (0, 1].
  package var weight: Double
  /// Shift in sigmas a CUSUM chart is tuned to; its allowance k is half of it.
  package var shift: Double
  /// Decision interval h of a CUSUM chart, in sigmas.
  package var decisionInterval: Double
  /// A stratum with fewer baseline points gets no limits, and its points no verdict.
  package var minimumBaseline: Int

  package init(
    _ kind: ChartKind, rules: ControlRuleSet = .westernElectric, robust: RobustBaseline = .none, width: Double = 3,
    weight: Double = 0.2, shift: Double = 1, decisionInterval: Double = 5, minimumBaseline: Int = 4
  ) {
    self.kind = kind
    self.rules = rules
    self.robust = robust
    self.width = width
    self.weight = weight
    self.shift = shift
    self.decisionInterval = decisionInterval
    self.minimumBaseline = minimumBaseline
  }

  /// Learns limits from a period taken as the standard (phase I); strata without enough points get none.
  package func learn(from points: [ChartPoint]) throws -> ControlChartBaseline {
    try validate(points)
    var strata: [String: ControlLimits] = [:]
    for (stratum, members) in Dictionary(grouping: points, by: { $0.stratum ?? "" }) {
      strata[stratum] = BaselineLearner(definition: self).limits(of: members)
    }
    return ControlChartBaseline(definition: self, strata: strata)
  }

  private func validate(_ points: [ChartPoint]) throws {
    guard width > 0, weight > 0, weight <= 1, shift > 0, decisionInterval > 0, minimumBaseline >= 2 else {
      throw MartletError.invalidInput(
        "a control chart needs width, shift and decision interval above 0, a weight in (0, 1], a baseline of 2 or more")
    }
    guard kind == .xbarR || kind == .range else { return }
    for point in points where point.range != nil && ControlChartConstants.d2(Int(point.size)) == nil {
      throw MartletError.invalidInput(
        "the chart '\(kind.rawValue)' takes subgroups of 2 to 25, and '\(point.label)' has \(Int(point.size))",
        fix: "use xbar-s or s for larger subgroups")
    }
  }
}

/// What phase I learned about one stratum.
package struct ControlLimits: Sendable, Hashable, Codable {
  /// The process mean: of a measurement, of the share p or of the rate u or c.
  package var centre: Double
  /// Standard deviation of a single measurement; for counts it follows from the centre and this is 0.
  package var sigma: Double
  /// Laney's σz: how much wider than binomial or Poisson the counts spread; 1 on other charts.
  package var dispersion: Double
  /// Points used.
  package var count: Int
  /// Labels of the points left out as out of control.
  package var excluded: [String]
}
