import MartletCore
import MartletStatistics

extension GateExpression {
  /// Judges the line. Where a measure has no value it is `unmeasured` and says so; it never holds silently.
  package func evaluate(_ facts: GateFacts) -> GateLineResult {
    if namesChampion, !facts.hasChampion {
      return GateLineResult(
        text: text, state: .vacuous, explanation: "there is no champion to compare with yet")
    }
    do {
      return confidence == nil ? try compareValues(facts) : try compareInterval(facts)
    } catch let missing as Unmeasured {
      return GateLineResult(text: text, state: .unmeasured, explanation: missing.reason)
    } catch {
      let reason = MartletError(error, doing: "it could not be judged").message
      return GateLineResult(text: text, state: .fails, explanation: reason)
    }
  }

  private func compareValues(_ facts: GateFacts) throws -> GateLineResult {
    let (a, b) = (try left.value(facts), try right.value(facts))
    guard a.number.isFinite, b.number.isFinite else { throw MartletError.invalidInput("'\(text)' has no finite value") }
    let holds = comparison.holds(a.number, b.number)
    let percent = left.hasPercent || right.hasPercent
    let words =
      "\(left.words)\(a.place) is \(Self.shown(a.number, percent)), \(holds ? "" : "not ")\(comparison.words) \(Self.shown(b.number, percent))"
    let other = right.constant == nil ? " (\(right.words)\(b.place))" : ""
    return GateLineResult(
      text: text, state: holds ? .holds : .fails, left: a.number, right: b.number, explanation: words + other)
  }

  private func compareInterval(_ facts: GateFacts) throws -> GateLineResult {
    guard let bound, let confidence else {
      throw MartletError.invalidInput("'\(text)' has no form that an interval decides")
    }
    let subject = bound.other.map { "\(bound.metric) − \($0.rawValue).\(bound.metric)" } ?? bound.metric
    let interval = bound.other.map { facts.differences[$0]?[bound.metric] } ?? facts.intervals[bound.metric]
    guard let interval, abs(interval.level - confidence) < 1e-9, interval.lower.isFinite, interval.upper.isFinite else {
      throw Unmeasured(reason: "no \(Self.percent(confidence)) interval for \(subject)")
    }
    let deciding: Double
    switch comparison {
    case .atLeast, .above: deciding = interval.lower
    case .atMost, .below: deciding = interval.upper
    case .equal, .unequal:
      throw MartletError.invalidInput("'\(text)': == and != cannot be decided by an interval")
    }
    let holds = comparison.holds(deciding, bound.constant)
    let words =
      "\(subject) lies between \(interval.lower.shortest) and \(interval.upper.shortest) at \(Self.percent(confidence)), "
      + "\(holds ? "" : "not surely ")\(comparison.words) \(bound.constant.shortest)"
    return GateLineResult(
      text: text, state: holds ? .holds : .fails, left: deciding, right: bound.constant, explanation: words)
  }

  private static func shown(_ value: Double, _ percent: Bool) -> String {
    percent ? Self.percent(value) : value.shortest
  }
  private static func percent(_ value: Double) -> String { "\((value * 100).shortest)%" }
}

extension GateExpression.Comparison {
  fileprivate var words: String {
    switch self {
    case .atLeast: "at least"
    case .atMost: "at most"
    case .above: "above"
    case .below: "below"
    case .equal: "equal to"
    case .unequal: "different from"
    }
  }
}

extension GateExpression.Term {
  /// A value, and where it was found when there were several places to look: ` (carrier HA)`.
  fileprivate struct Found {
    var number: Double
    var place = ""
  }

  fileprivate func value(_ facts: GateFacts) throws -> Found {
    switch self {
    case .number(let number, _): return Found(number: number)
    case .negative(let term): return Found(number: -(try term.value(facts).number))
    case .sum(let a, let sign, let b):
      return Found(number: sign.apply(try a.value(facts).number, try b.value(facts).number))
    case .measure(let subject, let name):
      let known = facts.metrics[subject] ?? [:]
      guard let value = known[name], value.isFinite else {
        throw Unmeasured(
          reason: "no value for \(words)\(didYouMean(name, among: known.keys.filter { $0 != name }.sorted()))")
      }
      return Found(number: value)
    case .slices(let aggregate, let column, let metric): return try Self.sliced(aggregate, column, metric, facts, words)
    case .column(let measure, let columns): return try Self.column(measure, columns, facts, words)
    }
  }

  private static func sliced(
    _ aggregate: GateExpression.Aggregate, _ column: String, _ metric: String, _ facts: GateFacts, _ words: String
  ) throws -> Found {
    let values = (facts.slices[column] ?? []).compactMap { slice in
      slice.metrics?[metric].flatMap { $0.isFinite ? (slice.value, $0) : nil }
    }
    guard let first = values.first else {
      throw Unmeasured(reason: "no value for \(words)\(didYouMean(column, among: facts.slices.keys.sorted()))")
    }
    switch aggregate {
    case .mean: return Found(number: values.reduce(0) { $0 + $1.1 } / Double(values.count))
    case .min, .max:
      let found = values.dropFirst().reduce(first) { (aggregate == .min ? $1.1 < $0.1 : $1.1 > $0.1) ? $1 : $0 }
      return Found(number: found.1, place: " (\(column) \(found.0))")
    }
  }

  private static func column(
    _ measure: GateExpression.ColumnMeasure, _ columns: GateExpression.Columns, _ facts: GateFacts, _ words: String
  ) throws -> Found {
    let known = facts.columns[measure] ?? [:]
    switch columns {
    case .column(let name):
      guard let value = known[name], value.isFinite else {
        throw Unmeasured(
          reason: "no value for \(words)\(didYouMean(name, among: known.keys.filter { $0 != name }.sorted()))")
      }
      return Found(number: value)
    case .anyFeature:
      let features = known.filter { $0.key != "prediction" }
      guard !features.isEmpty, features.values.allSatisfy(\.isFinite),
        let largest = features.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })
      else { throw Unmeasured(reason: "no value for \(words)") }
      return Found(number: largest.value, place: " (\(largest.key))")
    }
  }

  /// The term as it would be written.
  var words: String {
    switch self {
    case .number(let value, let isPercent): isPercent ? "\((value * 100).shortest)%" : value.shortest
    case .measure(.candidate, let name): name
    case .measure(let subject, let name): "\(subject.rawValue).\(name)"
    case .slices(let aggregate, let column, let metric): "\(aggregate.rawValue)(slice(\(column)).\(metric))"
    case .column(let measure, .column(let name)): "\(measure.rawValue)(\(name))"
    case .column(let measure, .anyFeature): "\(measure.rawValue)(any feature)"
    case .negative(let term): "-\(term.words)"
    case .sum(let a, let sign, let b): "\(a.words(inside: sign)) \(sign.rawValue) \(b.words(inside: sign))"
    }
  }

  private func words(inside sign: GateExpression.Operator) -> String {
    guard case .sum(_, let own, _) = self, sign == .times || sign == .divided, own == .plus || own == .minus else {
      return words
    }
    return "(\(words))"
  }
}

/// A measure that the line names has no value.
private struct Unmeasured: Error {
  var reason: String
}
