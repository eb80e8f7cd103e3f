import MartletCore

/// What may be asked about one kind of thing: which entities and attributes exist, and how they compare.
///
/// The grammar is MLflow's (utils/search_utils.py): `clause (AND clause)*`, without OR and without parentheses
/// except around the list of an IN.
package struct FilterGrammar: Sendable {
  /// At most so many clauses in one filter (TRUST.md rule 5).
  package static let mostClauses = 50

  package var entities: Set<FilterClause.Entity>
  package var textAttributes: Set<String>
  package var numericAttributes: Set<String>
  /// Attributes that IN and NOT IN may be asked of.
  package var listAttributes: Set<String>
  /// Entities of which any key may be asked with IN and NOT IN.
  package var listEntities: Set<FilterClause.Entity>
  /// Attributes by which results may be ordered.
  package var orderAttributes: Set<String>
  /// Other spellings of attributes.
  package var aliases: [String: String]
  /// Whether IS NULL and IS NOT NULL may be asked, and of which entities.
  package var nullable: Set<FilterClause.Entity>

  package init(
    entities: Set<FilterClause.Entity>, textAttributes: Set<String>, numericAttributes: Set<String> = [],
    listAttributes: Set<String> = [], listEntities: Set<FilterClause.Entity> = [.dataset],
    orderAttributes: Set<String>, aliases: [String: String] = [:],
    nullable: Set<FilterClause.Entity> = []
  ) {
    self.entities = entities
    self.textAttributes = textAttributes
    self.numericAttributes = numericAttributes
    self.listAttributes = listAttributes
    self.listEntities = listEntities
    self.orderAttributes = orderAttributes
    self.aliases = aliases
    self.nullable = nullable
  }

  /// The clauses of a filter; nil, empty and blank filters have none.
  package func parse(_ filter: String?) throws -> [FilterClause] {
    guard let filter, !filter.isEmpty else { return [] }
    var parser = FilterParser(tokens: try FilterLexer.tokens(of: filter), grammar: self)
    return try parser.clauses()
  }

  /// One `order_by` entry.
  package func parseOrder(_ text: String) throws -> OrderClause {
    var parser = FilterParser(tokens: try FilterLexer.tokens(of: text), grammar: self)
    return try parser.order(written: text)
  }

  /// A whole order; naming one thing twice is an error.
  package func parseOrders(_ texts: [String]) throws -> [OrderClause] {
    let orders = try texts.prefix(Self.mostClauses + 1).map(parseOrder)
    guard orders.count <= Self.mostClauses else {
      throw MartletError.invalidInput("order_by has more than \(Self.mostClauses) entries")
    }
    for (position, order) in orders.enumerated()
    where orders[..<position].contains(where: { $0.entity == order.entity && $0.key == order.key }) {
      throw MartletError.invalidInput("`order_by` contains duplicate fields: \(texts.prefix(10))")
    }
    return orders
  }
}
