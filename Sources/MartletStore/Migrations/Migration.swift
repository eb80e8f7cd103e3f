/// One step of the schema, in order; the list only ever grows.
///
/// Statements are common SQL. `{blob}` stands for the dialect's type of bytes and `{serial}` for a 64-bit primary
/// key that the database numbers by itself; `{json}` behind text that is JSON lets `->>` read it; `{clustered}` after a
/// table of small rows keeps them in the primary key's order, where the dialect can. Other types: BIGINT, DOUBLE
/// PRECISION, TEXT. Text compares by bytes in both dialects (PostgreSQL databases are created, or columns declared, with
/// the C collation).
package struct Migration: Sendable {
  package let name: String
  package let statements: [String]

  package init(_ name: String, _ statements: [String]) {
    self.name = name
    self.statements = statements
  }

  /// Every migration there is, oldest first.
  package static let all: [Migration] = [
    .ledger, .artifacts, .tracking, .data, .features, .projects, .registry, .serving, .monitoring,
    .notifications, .runSearch, .trackingPages, .webhooks, .imports, .access, .ownership,
  ]
}
