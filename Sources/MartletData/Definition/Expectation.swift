package import MartletCore

/// One thing that must hold for each partition of a dataset.
package struct Expectation: Sendable, Hashable, Codable {
  package enum Check: Sendable, Hashable {
    case rows(min: Int64?, max: Int64?)
    /// At most this share (0 to 1) of the column may be missing.
    case nullRate(column: String, max: Double)
    /// Bounds are numbers, or times and dates as text; values outside, both bounds included, fail.
    case range(column: String, min: JSON?, max: JSON?)
    case set(column: String, values: [String])
    case unique(columns: [String])
    /// The whole value must match the regular expression (RE2 syntax).
    case regex(column: String, pattern: String)
    /// The newest value of the dataset's time column is at most this old.
    case freshness(WrittenDuration)
    /// Every value must stand in a column of another dataset of the project.
    case foreignKey(column: String, dataset: DatasetName, references: String)
    /// A query over `this` that returns the rows that fail: at most so many are accepted.
    case failingRows(sql: String, max: Int64)
    /// A query over `this` that returns one value.
    case scalar(sql: String, equals: JSON)
  }

  package var name: String?
  package var check: Check
  package var severity: Severity

  package init(_ check: Check, name: String? = nil, severity: Severity = .error) {
    self.check = check
    self.name = name
    self.severity = severity
  }

  /// The name it goes by in findings: the one given, or made from what it checks.
  package var title: String {
    if let name { return name }
    switch check {
    case .rows: return "rows"
    case .nullRate(let column, _): return "null_rate(\(column))"
    case .range(let column, _, _): return "range(\(column))"
    case .set(let column, _): return "set(\(column))"
    case .unique(let columns): return "unique(\(columns.joined(separator: ", ")))"
    case .regex(let column, _): return "regex(\(column))"
    case .freshness: return "freshness"
    case .foreignKey(let column, let dataset, let references):
      return "foreign_key(\(column) in \(dataset).\(references))"
    case .failingRows, .scalar: return "sql"
    }
  }

  /// The kind of check, one word.
  package var kind: String {
    switch check {
    case .rows: "rows"
    case .nullRate: "null_rate"
    case .range: "range"
    case .set: "set"
    case .unique: "unique"
    case .regex: "regex"
    case .freshness: "freshness"
    case .foreignKey: "foreign_key"
    case .failingRows, .scalar: "sql"
    }
  }

  /// The columns it reads by name (a query's are not known).
  package var columns: [String] {
    switch check {
    case .nullRate(let column, _), .range(let column, _, _), .set(let column, _), .regex(let column, _),
      .foreignKey(let column, _, _):
      [column]
    case .unique(let columns): columns
    case .rows, .freshness, .failingRows, .scalar: []
    }
  }
}
