import MartletCore

/// The control charts, by the names used in project files.
package enum ChartKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// Single measurements; sigma from the average moving range.
  case individuals
  case movingRange = "moving-range"
  /// Subgroup means; sigma from ranges.
  case xbarR = "xbar-r"
  /// Subgroup means; sigma from standard deviations.
  case xbarS = "xbar-s"
  case range = "r"
  case deviation = "s"
  /// Share of defectives.
  case p
  /// Number of defectives.
  case np
  /// Number of defects, equal areas of opportunity.
  case c
  /// Defects per unit.
  case u
  /// p chart corrected for over-dispersion (Laney, 2002).
  case laneyP = "laney-p"
  /// u chart corrected for over-dispersion.
  case laneyU = "laney-u"
  /// Exponentially weighted moving average (Roberts, 1959).
  case ewma
  /// Two one-sided cumulative sums (Page, 1954), plotted in sigmas.
  case cusum

  /// The kind of that name, or an error with a suggestion.
  package static func named(_ name: String) throws -> ChartKind {
    if let kind = ChartKind(rawValue: name) { return kind }
    let known = allCases.map(\.rawValue)
    throw MartletError.invalidInput(
      "unknown control chart '\(name)'\(didYouMean(name, among: known))",
      fix: "the charts are: \(known.joined(separator: ", "))")
  }

  /// True for charts of counts, whose points need a size.
  package var countsDefects: Bool { [.p, .np, .c, .u, .laneyP, .laneyU].contains(self) }

  /// True where a value below zero cannot be, so that the lower limit stops there.
  var isNonNegative: Bool { countsDefects || [.movingRange, .range, .deviation].contains(self) }

  /// True where each value carries memory of those before, so that only the limits are judged.
  var hasMemory: Bool { self == .ewma || self == .cusum }
}

/// What a chart is given for one point in time: a measurement, a subgroup, or a count.
package struct ChartPoint: Sendable, Hashable, Codable {
  package var label: String
  /// Points are only compared with the limits of their own stratum, such as the weekday.
  package var stratum: String?
  /// The measurement, the subgroup's mean, or the number of defects; NaN when it could not be measured.
  package var value: Double
  /// Observations in the subgroup, or the sample size or area in which defects were counted.
  package var size: Double
  package var range: Double?
  package var deviation: Double?

  package init(
    _ label: String, stratum: String? = nil, value: Double, size: Double = 1, range: Double? = nil,
    deviation: Double? = nil
  ) {
    self.label = label
    self.stratum = stratum
    self.value = value
    self.size = size
    self.range = range
    self.deviation = deviation
  }

  /// A subgroup of measurements.
  package static func subgroup(_ label: String, stratum: String? = nil, _ values: [Double]) -> ChartPoint {
    let moments = Moments(values)
    return ChartPoint(
      label, stratum: stratum, value: moments.count > 0 ? moments.mean : .nan, size: Double(moments.count),
      range: moments.count > 1 ? moments.maximum - moments.minimum : nil,
      deviation: moments.count > 1 ? moments.sampleDeviation : nil)
  }
}
