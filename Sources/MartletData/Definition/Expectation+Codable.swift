import MartletCore

/// The written forms:
/// `{rows: {min: 300}}`, `{null_rate: {column: c, max: 0.1}}`, `{range: {column: c, min: 0, max: 9}}`,
/// `{set: {column: c, values: [a, b]}}`, `{unique: [a, b]}`, `{regex: {column: c, pattern: "[A-Z]{3}"}}`,
/// `{freshness: 26h}`, `{foreign_key: {column: origin, references: airports.faa}}`,
/// `{name: n, sql: "select …", max_rows: 0}`, `{sql: "select count(*) …", equals: 0}`; each with `name`, `severity`.
extension Expectation {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case name, severity, rows, range, set, unique, regex, freshness, sql, equals
    case nullRate = "null_rate"
    case foreignKey = "foreign_key"
    case maxRows = "max_rows"
  }

  private static let kinds: [CodingKeys] = [
    .rows, .nullRate, .range, .set, .unique, .regex, .freshness, .foreignKey, .sql,
  ]

  package init(from decoder: any Decoder) throws {
    try decoder.allowOnly(CodingKeys.allCases.map(\.rawValue), in: "an expectation")
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decodeIfPresent(String.self, forKey: .name)
    severity = try container.decodeIfPresent(Severity.self, forKey: .severity) ?? .error
    let present = Self.kinds.filter { container.contains($0) }
    guard present.count == 1 else {
      throw MartletError.invalidInput(
        present.isEmpty
          ? "an expectation checks nothing"
          : "one expectation checks \(present.map(\.rawValue).joined(separator: " and "))",
        fix: "write exactly one of: \(Self.kinds.map(\.rawValue).joined(separator: ", "))")
    }
    check = try Self.check(present[0], container)
  }

  private static func check(_ kind: CodingKeys, _ container: KeyedDecodingContainer<CodingKeys>) throws -> Check {
    switch kind {
    case .rows:
      let bounds = try container.decode(Bounds.self, forKey: kind)
      return .rows(min: bounds.min?.integer, max: bounds.max?.integer)
    case .nullRate:
      let rule = try container.decode(NullRate.self, forKey: kind)
      return .nullRate(column: rule.column, max: rule.max.fraction)
    case .range:
      let bounds = try container.decode(Bounds.self, forKey: kind)
      guard let column = bounds.column else { throw MartletError.invalidInput("a range lacks its column") }
      return .range(column: column, min: bounds.min, max: bounds.max)
    case .set:
      let rule = try container.decode(ValueSet.self, forKey: kind)
      return .set(column: rule.column, values: rule.values)
    case .unique:
      if let column = try? container.decode(String.self, forKey: kind) { return .unique(columns: [column]) }
      return .unique(columns: try container.decode([String].self, forKey: kind))
    case .regex:
      let rule = try container.decode(Pattern.self, forKey: kind)
      return .regex(column: rule.column, pattern: rule.pattern)
    case .freshness: return .freshness(try container.decode(WrittenDuration.self, forKey: kind))
    case .foreignKey:
      let rule = try container.decode(ForeignKey.self, forKey: kind)
      return .foreignKey(column: rule.column, dataset: rule.dataset, references: try rule.referenced())
    default:
      let sql = try container.decode(String.self, forKey: .sql)
      if container.contains(.equals) {
        return .scalar(sql: sql, equals: try container.decode(JSON.self, forKey: .equals))
      }
      return .failingRows(sql: sql, max: try container.decodeIfPresent(Int64.self, forKey: .maxRows) ?? 0)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(name, forKey: .name)
    try container.encode(severity, forKey: .severity)
    switch check {
    case .rows(let min, let max):
      try container.encode(Bounds(column: nil, min: min.map(JSON.integer), max: max.map(JSON.integer)), forKey: .rows)
    case .nullRate(let column, let max):
      try container.encode(NullRate(column: column, max: Share(max)), forKey: .nullRate)
    case .range(let column, let min, let max):
      try container.encode(Bounds(column: column, min: min, max: max), forKey: .range)
    case .set(let column, let values): try container.encode(ValueSet(column: column, values: values), forKey: .set)
    case .unique(let columns): try container.encode(columns, forKey: .unique)
    case .regex(let column, let pattern):
      try container.encode(Pattern(column: column, pattern: pattern), forKey: .regex)
    case .freshness(let age): try container.encode(age, forKey: .freshness)
    case .foreignKey(let column, let dataset, let references):
      try container.encode(ForeignKey(column: column, references: "\(dataset).\(references)"), forKey: .foreignKey)
    case .failingRows(let sql, let max):
      try container.encode(sql, forKey: .sql)
      try container.encode(max, forKey: .maxRows)
    case .scalar(let sql, let value):
      try container.encode(sql, forKey: .sql)
      try container.encode(value, forKey: .equals)
    }
  }
}

private struct Bounds: Codable {
  var column: String?
  var min: JSON?
  var max: JSON?

  enum CodingKeys: String, CodingKey, CaseIterable { case column, min, max }

  init(column: String?, min: JSON?, max: JSON?) {
    self.column = column
    self.min = min
    self.max = max
  }

  init(from decoder: any Decoder) throws {
    try decoder.allowOnly(CodingKeys.allCases.map(\.rawValue), in: "bounds")
    let container = try decoder.container(keyedBy: CodingKeys.self)
    column = try container.decodeIfPresent(String.self, forKey: .column)
    min = try container.decodeIfPresent(JSON.self, forKey: .min)
    max = try container.decodeIfPresent(JSON.self, forKey: .max)
    guard min != nil || max != nil else {
      throw MartletError.invalidInput("bounds without min and max", fix: "give at least one of min and max")
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(column, forKey: .column)
    try container.encodeIfPresent(min, forKey: .min)
    try container.encodeIfPresent(max, forKey: .max)
  }
}

private struct NullRate: Codable {
  var column: String
  var max: Share
}

private struct ValueSet: Codable {
  var column: String
  var values: [String]

  enum CodingKeys: String, CodingKey { case column, values }

  init(column: String, values: [String]) {
    self.column = column
    self.values = values
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    column = try container.decode(String.self, forKey: .column)
    values = try container.decode([LooseText].self, forKey: .values).map(\.text)
  }
}

private struct Pattern: Codable {
  var column: String
  var pattern: String
}

private struct ForeignKey: Codable {
  var column: String
  /// `dataset.column`
  var references: String

  var dataset: DatasetName { DatasetName(String(references.prefix { $0 != "." })) }

  func referenced() throws -> String {
    let parts = references.split(separator: ".", maxSplits: 1)
    guard parts.count == 2 else {
      throw MartletError.invalidInput(
        "foreign_key references '\(references)'", fix: "write dataset.column, such as airports.faa")
    }
    return String(parts[1])
  }
}

/// A share of rows: `0.1`, or `10%`.
package struct Share: Sendable, Hashable, Codable {
  package var fraction: Double

  package init(_ fraction: Double) { self.fraction = fraction }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      fraction = number
      return
    }
    let text = try container.decode(String.self)
    guard text.hasSuffix("%"), let percent = Double(text.dropLast()) else {
      throw MartletError.invalidInput("'\(text.prefix(40))' is not a share", fix: "write 0.1 or 10%")
    }
    fraction = percent / 100
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(fraction)
  }
}
