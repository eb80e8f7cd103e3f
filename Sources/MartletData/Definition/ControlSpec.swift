package import MartletCore
package import MartletStatistics

/// A control chart over one statistic of each partition.
package struct ControlSpec: Sendable, Hashable, Codable {
  package enum Stratum: String, Sendable, Hashable, Codable, CaseIterable {
    /// Each day of the week is a chart of its own.
    case weekday
  }

  package var stat: ControlStat
  package var chart: ChartKind
  package var stratum: Stratum?
  /// `limits`, `western-electric`, `nelson`, or one rule such as `nelson-3`.
  package var rules: String
  package var severity: Severity
  /// How much history, from the first partition on, the limits are learned from; nil: the first delivery.
  package var baseline: WrittenDuration?
  /// The weight of the newest point in an EWMA chart.
  package var weight: Double?
  /// A shift that is accepted, as a share of the centre line: points are judged by how far they lie outside of it
  /// (an acceptance control chart, for processes that are stable but not still, such as a timetable over the seasons).
  package var allow: Share?
  /// What to do about points out of control among those that limits are learned from: `none` keeps them,
  /// `exclusion` leaves them out, `median` resists them.
  package var robust: RobustBaseline

  package init(
    _ stat: ControlStat, chart: ChartKind = .individuals, stratum: Stratum? = nil, rules: String = "limits",
    severity: Severity = .warn, baseline: WrittenDuration? = nil, weight: Double? = nil, allow: Share? = nil,
    robust: RobustBaseline = .none
  ) {
    self.stat = stat
    self.chart = chart
    self.stratum = stratum
    self.rules = rules
    self.severity = severity
    self.baseline = baseline
    self.weight = weight
    self.allow = allow
    self.robust = robust
  }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case stat, chart, stratum, rules, severity, baseline, weight, allow, robust
  }

  package init(from decoder: any Decoder) throws {
    try decoder.allowOnly(CodingKeys.allCases.map(\.rawValue), in: "a control chart")
    let container = try decoder.container(keyedBy: CodingKeys.self)
    stat = try container.decode(ControlStat.self, forKey: .stat)
    chart = try ChartKind.named(try container.decodeIfPresent(String.self, forKey: .chart) ?? "individuals")
    stratum = try Self.stratum(container)
    rules = try container.decodeIfPresent(String.self, forKey: .rules) ?? "limits"
    _ = try ControlRuleSet.named(rules)
    severity = try container.decodeIfPresent(Severity.self, forKey: .severity) ?? .warn
    baseline = try container.decodeIfPresent(WrittenDuration.self, forKey: .baseline)
    weight = try container.decodeIfPresent(Double.self, forKey: .weight)
    allow = try container.decodeIfPresent(Share.self, forKey: .allow)
    let method = try container.decodeIfPresent(String.self, forKey: .robust) ?? "none"
    guard let robust = RobustBaseline(rawValue: method) else {
      throw MartletError.invalidInput(
        "robust '\(method.prefix(40))' of a control chart", fix: "write none, exclusion or median")
    }
    self.robust = robust
    try checkFit()
    if let weight, !(weight > 0 && weight <= 1) {
      throw MartletError.invalidInput("weight \(weight) of a control chart", fix: "write a number above 0 and up to 1")
    }
  }

  /// A chart of counts needs something counted, a chart of subgroups a mean.
  private func checkFit() throws {
    let fits =
      switch chart {
      case .individuals, .movingRange, .ewma, .cusum: true
      case .p, .laneyP, .np: stat.kind == .nullRate
      case .c, .u, .laneyU: stat.kind == .nullRate || stat.kind == .rows
      case .xbarS, .deviation: stat.kind == .mean
      case .xbarR, .range: false
      }
    guard !fits else { return }
    throw MartletError.invalidInput(
      "a \(chart.rawValue) chart cannot follow \(stat)",
      fix:
        "charts of shares and counts follow null_rate(column), xbar-s follows mean(column), individuals follows anything"
    )
  }

  private static func stratum(_ container: KeyedDecodingContainer<CodingKeys>) throws -> Stratum? {
    guard let text = try container.decodeIfPresent(String.self, forKey: .stratum) else { return nil }
    guard let stratum = Stratum(rawValue: text) else {
      throw MartletError.invalidInput(
        "stratum '\(text.prefix(40))' of a control chart", fix: "write weekday, or leave it out")
    }
    return stratum
  }
}

/// What a control chart follows: `rows`, or a function of a column, such as `mean(distance)`.
package struct ControlStat: Sendable, Hashable, Codable, CustomStringConvertible {
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    case rows
    case nullRate = "null_rate"
    case mean
    case stddev
    case distinct
    case sum
    case min
    case max
  }

  package var kind: Kind
  package var column: String?

  package init(_ kind: Kind, _ column: String? = nil) {
    self.kind = kind
    self.column = column
  }

  package init(written text: String) throws {
    let name = text.prefix { $0 != "(" }
    let names = Kind.allCases.map(\.rawValue)
    guard let kind = Kind(rawValue: String(name)) else {
      throw MartletError.invalidInput(
        "unknown statistic '\(text.prefix(60))'\(didYouMean(String(name), among: names))",
        fix: "write rows, or one of \(names.dropFirst().joined(separator: ", ")) with a column: mean(distance)")
    }
    self.kind = kind
    let argument = text.dropFirst(name.count)
    if kind == .rows, argument.isEmpty { return }
    guard kind != .rows, argument.hasPrefix("("), argument.hasSuffix(")"), argument.count > 2 else {
      throw MartletError.invalidInput(
        "statistic '\(text.prefix(60))'", fix: "write rows, or a function of a column: mean(distance)")
    }
    column = argument.dropFirst().dropLast().trimmingSpaces
  }

  package var description: String { column.map { "\(kind.rawValue)(\($0))" } ?? kind.rawValue }

  package init(from decoder: any Decoder) throws {
    try self.init(written: try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension Substring {
  fileprivate var trimmingSpaces: String {
    var text = self.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
