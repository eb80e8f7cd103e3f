package import MartletCore

/// An argument of a statement, or one value of a row.
package enum SQLValue: Sendable, Hashable {
  case null
  case integer(Int64)
  /// Finite numbers and infinities; NaN needs a column of its own, since SQLite stores it as NULL.
  case real(Double)
  case text(String)
  case blob([UInt8])

  package init(_ value: String?) { self = value.map(SQLValue.text) ?? .null }
  package init(_ value: Int64?) { self = value.map(SQLValue.integer) ?? .null }
  package init(_ value: Int) { self = .integer(Int64(value)) }
  package init(_ value: Double?) { self = value.map(SQLValue.real) ?? .null }
  package init(_ value: Bool) { self = .integer(value ? 1 : 0) }
  package init(_ value: Timestamp?) { self = value.map { .integer($0.milliseconds) } ?? .null }
  package init<Kind>(_ value: Identifier<Kind>?) { self = value.map { .text($0.text) } ?? .null }
  /// JSON is stored as its canonical text.
  package init(_ value: JSON) { self = .text(value.text) }
}

extension SQLValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByNilLiteral {
  package init(stringLiteral value: String) { self = .text(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(nilLiteral: ()) { self = .null }
}
