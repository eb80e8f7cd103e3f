/// One comparison of a filter: clauses are joined by AND.
package struct FilterClause: Sendable, Hashable {
  package enum Entity: String, Sendable, Hashable, CaseIterable {
    case metric
    case parameter
    case tag
    case attribute
    case dataset
  }

  package enum Comparator: String, Sendable, Hashable, CaseIterable {
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case like = "LIKE"
    case ilike = "ILIKE"
    case isIn = "IN"
    case isNotIn = "NOT IN"
    case isNull = "IS NULL"
    case isNotNull = "IS NOT NULL"
  }

  package enum Value: Sendable, Hashable {
    case none
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([String])
  }

  package var entity: Entity
  package var key: String
  package var comparator: Comparator
  package var value: Value
}

extension FilterClause: CustomStringConvertible {
  /// The clause in one canonical spelling, for messages and tests.
  package var description: String {
    let name = entity == .attribute ? key : "\(entity.rawValue).`\(key)`"
    let operand =
      switch value {
      case .none: ""
      case .integer(let number): " \(number)"
      case .number(let number): " \(number)"
      case .text(let text): " '\(text)'"
      case .list(let texts): " (" + texts.map { "'\($0)'" }.joined(separator: ", ") + ")"
      }
    return "\(name) \(comparator.rawValue)\(operand)"
  }
}

/// One `<identifier> [ASC|DESC]` of an order.
package struct OrderClause: Sendable, Hashable, CustomStringConvertible {
  package var entity: FilterClause.Entity
  package var key: String
  package var ascending: Bool

  package init(entity: FilterClause.Entity, key: String, ascending: Bool) {
    self.entity = entity
    self.key = key
    self.ascending = ascending
  }

  package var description: String {
    (entity == .attribute ? key : "\(entity.rawValue).`\(key)`") + (ascending ? " ASC" : " DESC")
  }
}
