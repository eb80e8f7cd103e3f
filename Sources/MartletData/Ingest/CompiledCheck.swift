import MartletCore
import MartletEngines

/// A check that one scan over the typed rows can answer: an aggregate that counts the rows that fail, and the rule
/// that judges the count.
struct CompiledCheck {
  var title: String
  var kind: Finding.Kind
  var column: String?
  /// Counts the rows that fail.
  var aggregate: String
  /// True for rows that fail; nil where single rows cannot be told.
  var rowFails: String?
  var limit: Limit
  var expected: JSON?
  /// What failing rows are, to stand after their number: "have no value in 'carrier'".
  var phrase: String

  enum Limit: Hashable {
    /// No row may fail.
    case none(Severity)
    /// At most this share of rows.
    case share(Double, Severity)
    /// For what was learned: a few are worth a warning, more than this share is an error.
    case graded(Double)

    func severity(failing: Int64, of rows: Int64) -> Severity? {
      let share = rows > 0 ? Double(failing) / Double(rows) : 0
      switch self {
      case .none(let severity): return failing > 0 ? severity : nil
      case .share(let limit, let severity): return share > limit ? severity : nil
      case .graded(let limit): return failing == 0 ? nil : share > limit ? .error : .warn
      }
    }
  }

  /// What was learned from the first delivery may be missed by up to this share of a partition's rows with a warning.
  static let learnedTolerance = 0.05

  func finding(failing: Int64, rows: Int64, partition: String) -> Finding? {
    guard let severity = limit.severity(failing: failing, of: rows) else { return nil }
    let percent = rows > 0 ? Double(failing) * 100 / Double(rows) : 0
    return Finding(
      check: title, kind: kind, severity: severity, partition: partition, column: column,
      message: "\(failing) of \(rows) rows (\(percent.rounded(toPlaces: percent < 1 ? 2 : 1))%) \(phrase)",
      observed: .double(rows > 0 ? Double(failing) / Double(rows) : 0), expected: expected, failing: failing)
  }
}

extension CompiledCheck {
  /// The contract as checks.
  static func checks(of schema: DataSchema, key: [String]) throws -> [CompiledCheck] {
    var checks: [CompiledCheck] = []
    for column in schema.columns {
      let hard: Limit = column.learned ? .graded(learnedTolerance) : .none(.error)
      if column.required || key.contains(column.name) {
        checks.append(
          nulls(column.name, key.contains(column.name) ? .none(.error) : hard, title: "required(\(column.name))"))
      }
      if column.unique, key != [column.name] { checks.append(duplicates([column.name], .none(.error), kind: .schema)) }
      if let allowed = column.allowed {
        checks.append(set(column, allowed, hard, title: "in(\(column.name))"))
      }
      checks += try bounds(column, hard)
    }
    if !key.isEmpty {
      for name in key { _ = try schema.column(name, of: "the key") }
      checks.append(duplicates(key, .none(.error), kind: .schema, title: "key(\(key.joined(separator: ", ")))"))
    }
    return checks
  }

  /// Declared bounds hold as written. Of what was learned only "never negative" is held on to: seasons and growth move
  /// the rest, which control charts and drift monitors watch.
  private static func bounds(_ column: SchemaColumn, _ limit: Limit) throws -> [CompiledCheck] {
    guard column.type.isNumeric else { return [] }
    if column.learned {
      guard let min = column.min, min >= 0 else { return [] }
      return [
        range(column.name, column.type, min: .integer(0), max: nil, limit, title: "min(\(column.name))", kind: .schema)
      ]
    }
    guard column.min != nil || column.max != nil else { return [] }
    return [
      range(
        column.name, column.type, min: column.min.map(JSON.double), max: column.max.map(JSON.double), limit,
        title: "range(\(column.name))", kind: .schema)
    ]
  }

  /// An expectation that the scan can answer; nil for those that need a query of their own.
  static func check(_ expectation: Expectation, schema: DataSchema) throws -> CompiledCheck? {
    for name in expectation.columns { _ = try schema.column(name, of: "expectation '\(expectation.title)'") }
    let (title, severity) = (expectation.title, expectation.severity)
    switch expectation.check {
    case .nullRate(let column, let max):
      var check = nulls(column, .share(max, severity), title: title)
      check.kind = .expectation
      check.expected = .double(max)
      return check
    case .range(let column, let min, let max):
      return range(
        column, try schema.column(column, of: title).type, min: min, max: max, .none(severity), title: title,
        kind: .expectation)
    case .set(let column, let values):
      var check = set(try schema.column(column, of: title), values, .none(severity), title: title)
      check.kind = .expectation
      return check
    case .unique(let columns): return duplicates(columns, .none(severity), kind: .expectation, title: title)
    case .regex(let column, let pattern):
      let text = "CAST(\(SQLText.quote(column)) AS VARCHAR)"
      return counting(
        "NOT regexp_full_match(\(text), \(SQLText.literal(pattern)))", title: title, kind: .expectation, column: column,
        limit: .none(severity), expected: .string(pattern), phrase: "do not match \(pattern.prefix(60)) in '\(column)'")
    case .rows, .freshness, .foreignKey, .failingRows, .scalar: return nil
    }
  }

  private static func counting(
    _ fails: String, title: String, kind: Finding.Kind, column: String, limit: Limit, expected: JSON? = nil,
    phrase: String
  ) -> CompiledCheck {
    CompiledCheck(
      title: title, kind: kind, column: column, aggregate: "count(*) FILTER (WHERE \(fails))", rowFails: fails,
      limit: limit, expected: expected, phrase: phrase)
  }

  private static func nulls(_ column: String, _ limit: Limit, title: String) -> CompiledCheck {
    counting(
      "\(SQLText.quote(column)) IS NULL", title: title, kind: .schema, column: column, limit: limit, expected: 0,
      phrase: "have no value in '\(column)'")
  }

  private static func set(_ column: SchemaColumn, _ values: [String], _ limit: Limit, title: String) -> CompiledCheck {
    let list = values.map(SQLText.literal).joined(separator: ", ")
    return counting(
      "CAST(\(SQLText.quote(column.name)) AS VARCHAR) NOT IN (\(list))", title: title, kind: .schema,
      column: column.name,
      limit: limit, expected: .array(values.prefix(50).map(JSON.string)),
      phrase: "have a value in '\(column.name)' that is not among the \(values.count) allowed")
  }

  private static func range(
    _ column: String, _ type: ColumnType, min: JSON?, max: JSON?, _ limit: Limit, title: String, kind: Finding.Kind
  ) -> CompiledCheck {
    let x = SQLText.quote(column)
    let value = { (bound: JSON) in bound.string.map { "CAST(\(SQLText.literal($0)) AS \(type.sql))" } ?? bound.text }
    let fails = [min.map { "\(x) < \(value($0))" }, max.map { "\(x) > \(value($0))" }].compactMap(\.self)
    let words = [min.map { "below \($0.string ?? $0.text)" }, max.map { "above \($0.string ?? $0.text)" }].compactMap(
      \.self)
    return counting(
      fails.joined(separator: " OR "), title: title, kind: kind, column: column, limit: limit,
      expected: .object(["min": min ?? .null, "max": max ?? .null]),
      phrase: "are \(words.joined(separator: " or ")) in '\(column)'")
  }

  private static func duplicates(_ columns: [String], _ limit: Limit, kind: Finding.Kind, title: String? = nil)
    -> CompiledCheck
  {
    let quoted = columns.map(SQLText.quote)
    let list = quoted.joined(separator: ", ")
    let present = quoted.map { "\($0) IS NOT NULL" }.joined(separator: " AND ")
    return CompiledCheck(
      title: title ?? "unique(\(columns.joined(separator: ", ")))", kind: kind,
      column: columns.count == 1 ? columns[0] : nil,
      aggregate:
        "count(*) FILTER (WHERE \(present)) - count(DISTINCT \(columns.count == 1 ? list : "(\(list))")) FILTER (WHERE \(present))",
      rowFails:
        "(\(TypedTable.partitionColumn), \(list)) IN (SELECT (\(TypedTable.partitionColumn), \(list)) FROM typed WHERE \(present) GROUP BY ALL HAVING count(*) > 1)",
      limit: limit, expected: nil, phrase: "repeat the \(columns.joined(separator: ", ")) of another row")
  }
}

extension Double {
  /// Rounded for people to read.
  func rounded(toPlaces places: Int) -> Double {
    let scale = (0..<places).reduce(1.0) { value, _ in value * 10 }
    return (self * scale).rounded() / scale
  }
}
