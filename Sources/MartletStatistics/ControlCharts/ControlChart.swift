import MartletCore

/// Limits learned in phase I, ready to judge new points (phase II).
package struct ControlChartBaseline: Sendable, Hashable, Codable {
  package let definition: ControlChartDefinition
  /// By stratum; points without one stand under "".
  package let strata: [String: ControlLimits]

  /// Judges points in order. Rules that look back see the points of all strata in that order, each measured in
  /// sigmas of its own stratum, so give some history before the point in question.
  package func chart(_ points: [ChartPoint]) -> ControlChart {
    var plotters = strata.mapValues { StratumPlotter(definition: definition, kind: definition.kind, limits: $0) }
    let plotted = points.map { point in
      (point, plotters[point.stratum ?? ""]?.plot(point))
    }
    let z = plotted.map { $0.1?.z ?? .nan }
    let rules =
      definition.kind.hasMemory ? ControlRuleSet(definition.rules.rules.filter(\.isLimitRule)) : definition.rules
    let violations = rules.violations(z, width: definition.width)
    return ControlChart(
      kind: definition.kind,
      points: zip(plotted, violations).map { entry, rules in point(entry.0, entry.1, rules) })
  }

  private func point(_ given: ChartPoint, _ plotted: StratumPlotter.Plotted?, _ rules: [ControlRule])
    -> ControlChart.Point
  {
    let value = plotted?.value ?? given.value
    var point = ControlChart.Point(
      label: given.label, stratum: given.stratum, value: value.isFinite ? value : nil, violations: rules)
    guard let plotted, plotted.sigma.isFinite else { return point }
    let reach = definition.width * plotted.sigma
    point.centre = plotted.centre
    point.sigma = plotted.sigma
    point.lower = definition.kind.isNonNegative ? max(0, plotted.centre - reach) : plotted.centre - reach
    point.upper = plotted.centre + reach
    if definition.kind == .p || definition.kind == .laneyP { point.upper = min(1, plotted.centre + reach) }
    point.upperSum = plotted.sums?.upper
    point.lowerSum = plotted.sums?.lower
    return point
  }
}

/// A judged series of points.
package struct ControlChart: Sendable, Hashable, Codable {
  package struct Point: Sendable, Hashable, Codable {
    package var label: String
    package var stratum: String?
    /// The plotted statistic; nil when it could not be measured.
    package var value: Double?
    /// Centre, limits and standard deviation at this point; nil when its stratum has no limits.
    package var centre: Double?
    package var lower: Double?
    package var upper: Double?
    package var sigma: Double?
    /// Cumulative sums of a CUSUM chart, in sigmas.
    package var upperSum: Double?
    package var lowerSum: Double?
    package var violations: [ControlRule]

    package var isInControl: Bool { violations.isEmpty }
  }

  package let kind: ChartKind
  package let points: [Point]

  package var outOfControl: [Point] { points.filter { !$0.isInControl } }
}

extension ControlChart.Point {
  /// One sentence on what is out of control: `2013-02-09: 393 is below the lower limit 585.2 (centre 720.5, Saturday)`;
  /// nil when nothing is.
  package func explanation(places: Int = 4) -> String? {
    guard let rule = violations.first, let value, let centre, let lower, let upper else { return nil }
    func text(_ number: Double) -> String { Self.rounded(number, places) }
    let within = stratum.map { ", \($0)" } ?? ""
    if rule.isLimitRule {
      let side = value > upper ? "above the upper limit \(text(upper))" : "below the lower limit \(text(lower))"
      return "\(label): \(text(value)) is \(side) (centre \(text(centre))\(within))"
    }
    return "\(label): \(text(value)) ends \(rule.meaning) (centre \(text(centre))\(within))"
  }

  /// A number to so many significant digits.
  private static func rounded(_ number: Double, _ digits: Int) -> String {
    guard number != 0, abs(number) < 1e15 else { return "\(number)" }
    if abs(number) >= 1000 { return "\(Int(number.rounded()))" }
    var scale = 1.0
    var magnitude = abs(number)
    while magnitude < 0.1, scale < 1e12 { magnitude *= 10; scale *= 10 }
    let places = Double([1, 10, 100, 1000, 10000][min(max(digits - 1, 0), 4)])
    let result = (number * scale * places).rounded() / (scale * places)
    return result == result.rounded() ? "\(Int(result))" : "\(result)"
  }
}
