import MartletCore

/// One line of a gate or an alert: a comparison of two sums over measures.
///
/// `pr_auc >= champion.pr_auc + 0.002 at 95%`, `min(slice(carrier).roc_auc) >= 0.60`, `error_rate < 0.5%`,
/// `missing_rate(any feature) < 5%`, `psi(prediction) > 0.25`.
package struct GateExpression: Sendable, Hashable, CustomStringConvertible {
  /// Whose measure a name is.
  package enum Subject: String, Sendable, Hashable, Codable, CaseIterable {
    /// The model that is judged, or the window that is watched; written without a prefix.
    case candidate
    /// The version that is live.
    case champion
    /// The best of the simple models.
    case baseline
    /// The candidate itself, as it was evaluated when it was trained.
    case training
  }

  package enum Comparison: String, Sendable, Hashable, Codable, CaseIterable {
    case atLeast = ">="
    case atMost = "<="
    case above = ">"
    case below = "<"
    case equal = "=="
    case unequal = "!="

    func holds(_ left: Double, _ right: Double) -> Bool {
      switch self {
      case .atLeast: left >= right
      case .atMost: left <= right
      case .above: left > right
      case .below: left < right
      case .equal: left == right
      case .unequal: left != right
      }
    }
  }

  package enum Aggregate: String, Sendable, Hashable, Codable, CaseIterable {
    case min, max, mean
  }

  /// A function of a column.
  package enum ColumnMeasure: String, Sendable, Hashable, Codable, CaseIterable {
    case psi
    case missingRate = "missing_rate"
    case unseenRate = "unseen_rate"
    /// The statistic of the column's own drift test.
    case drift
  }

  /// Which columns a function looks at; of several, the largest value counts.
  package enum Columns: Sendable, Hashable {
    case column(String)
    case anyFeature
  }

  package indirect enum Term: Sendable, Hashable {
    case number(Double, isPercent: Bool)
    case measure(Subject, String)
    case slices(Aggregate, column: String, metric: String)
    case column(ColumnMeasure, Columns)
    case negative(Term)
    case sum(Term, Operator, Term)
  }

  package enum Operator: String, Sendable, Hashable {
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divided = "/"
  }

  package let text: String
  package let left: Term
  package let comparison: Comparison
  package let right: Term
  /// Share of confidence with which it must hold, such as 0.95; nil: the measured values are compared as they are.
  package let confidence: Double?

  package var description: String { text }

  /// Reads one line; throws a message that says at which character it stops making sense.
  package static func parse(_ text: String) throws -> GateExpression {
    var parser = try GateParser(text)
    return try parser.expression()
  }

  init(text: String, left: Term, comparison: Comparison, right: Term, confidence: Double?) throws {
    self.text = text
    self.left = left
    self.comparison = comparison
    self.right = right
    self.confidence = confidence
    if confidence != nil, bound == nil {
      throw MartletError.invalidInput(
        "'\(text)': 'at …%' needs a measure on the left, and on the right a number or another model's same measure",
        fix: "write it as: pr_auc >= champion.pr_auc + 0.002 at 95%")
    }
  }

  /// Whether the line speaks of the live version; such lines hold while there is none.
  package var namesChampion: Bool { left.subjects.union(right.subjects).contains(.champion) }

  /// Names of measures without a prefix, and functions of columns: what the line is about.
  package var measures: Set<String> { left.measures.union(right.measures) }
}

extension GateExpression {
  /// `metric − other.metric` (or the metric alone) against a constant: the form that an interval can decide.
  struct Bound {
    var metric: String
    /// Nil: the metric's own interval.
    var other: Subject?
    var constant: Double
  }

  var bound: Bound? {
    guard case .measure(.candidate, let metric) = left else { return nil }
    if let constant = right.constant { return Bound(metric: metric, other: nil, constant: constant) }
    switch right {
    case .measure(let subject, metric) where subject != .candidate:
      return Bound(metric: metric, other: subject, constant: 0)
    case .sum(.measure(let subject, metric), let sign, let rest) where subject != .candidate:
      guard let constant = rest.constant, sign == .plus || sign == .minus else { return nil }
      return Bound(metric: metric, other: subject, constant: sign == .plus ? constant : -constant)
    default: return nil
    }
  }
}

extension GateExpression.Term {
  /// The value of a term without measures.
  var constant: Double? {
    switch self {
    case .number(let value, _): value
    case .negative(let term): term.constant.map(-)
    case .sum(let a, let sign, let b): a.constant.flatMap { left in b.constant.map { sign.apply(left, $0) } }
    case .measure, .slices, .column: nil
    }
  }

  var subjects: Set<GateExpression.Subject> {
    switch self {
    case .measure(let subject, _): [subject]
    case .negative(let term): term.subjects
    case .sum(let a, _, let b): a.subjects.union(b.subjects)
    case .number, .slices, .column: []
    }
  }

  var measures: Set<String> {
    switch self {
    case .measure(_, let name): [name]
    case .slices(_, _, let metric): [metric]
    case .column(let measure, _): [measure.rawValue]
    case .negative(let term): term.measures
    case .sum(let a, _, let b): a.measures.union(b.measures)
    case .number: []
    }
  }

  var hasPercent: Bool {
    switch self {
    case .number(_, let isPercent): isPercent
    case .negative(let term): term.hasPercent
    case .sum(let a, _, let b): a.hasPercent || b.hasPercent
    case .measure, .slices, .column: false
    }
  }
}

extension GateExpression.Operator {
  func apply(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .plus: a + b
    case .minus: a - b
    case .times: a * b
    case .divided: a / b
    }
  }
}
