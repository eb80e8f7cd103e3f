package import MartletCore
import MartletStore

extension Ledger {
  /// Entries in order of arrival, sealed or not, page by page.
  package func entries(matching filter: LedgerFilter = LedgerFilter(), limit: Int = 100, after token: String? = nil)
    async throws -> Page<LedgerRecord>
  {
    guard (1...1000).contains(limit) else {
      throw MartletError.invalidInput("\(limit) entries a page were asked for", fix: "ask for 1 to 1000")
    }
    var query = LedgerQuery(filter)
    if let token {
      guard let id = Int64(token) else { throw MartletError.invalidInput("'\(token.prefix(40))' is not a page token") }
      query.add(filter.newestFirst ? "id < ?" : "id > ?", .integer(id))
    }
    let order = filter.newestFirst ? "id DESC" : "id"
    let rows = try await records(query, order: order, limit: limit + 1)
    return Page(
      Array(rows.prefix(limit)), nextToken: rows.count > limit ? rows.prefix(limit).last.map { "\($0.id)" } : nil)
  }

  /// Sealed entries after the one numbered `sequence`, oldest first: who remembers the last number it saw gets
  /// every entry exactly once.
  package func sealedEntries(after sequence: Int64, matching filter: LedgerFilter = LedgerFilter(), limit: Int = 1000)
    async throws -> [LedgerRecord]
  {
    var query = LedgerQuery(filter)
    query.add("sequence > ?", .integer(sequence))
    return try await records(query, order: "sequence", limit: limit)
  }

  private func records(_ query: LedgerQuery, order: String, limit: Int) async throws -> [LedgerRecord] {
    try await database.read { connection in
      try connection.rows(
        """
        SELECT id, time, actor, role, action, object, before_json, after_json, reason, request_id, sequence, hash
        FROM ledger_entries \(query.condition) ORDER BY \(order) LIMIT ?
        """, query.arguments + [SQLValue(limit)], Self.record)
    }
  }

  @Sendable
  private static func record(_ row: SQLRow) throws -> LedgerRecord {
    LedgerRecord(
      entry: LedgerEntry(
        action: try row.text(4), object: try row.text(5), before: try row.optionalText(6).map { try JSON.parse($0) },
        after: try row.optionalText(7).map { try JSON.parse($0) }, reason: try row.optionalText(8)),
      author: Author(name: try row.text(2), role: try row.text(3), requestID: try row.optionalText(9)),
      time: try row.time(1), id: try row.integer(0), sequence: try row.optionalInteger(10),
      hash: try row.optionalText(11).flatMap { Digest(hex: $0) })
  }
}

/// A filter as a WHERE clause.
private struct LedgerQuery: Sendable {
  private var conditions: [String] = []
  private(set) var arguments: [SQLValue] = []

  var condition: String { conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ") }

  init(_ filter: LedgerFilter) {
    if let object = filter.object { add("object = ?", .text(object)) }
    if let prefix = filter.objectPrefix { add(prefix: prefix, of: "object") }
    if let actor = filter.actor { add("actor = ?", .text(actor)) }
    if let from = filter.from { add("time >= ?", SQLValue(from)) }
    if let until = filter.until { add("time < ?", SQLValue(until)) }
    add(actions: filter.actions)
  }

  mutating func add(_ condition: String, _ argument: SQLValue...) {
    conditions.append(condition)
    arguments += argument
  }

  private mutating func add(actions: [String]) {
    guard !actions.isEmpty else { return }
    let alternatives = actions.map { action -> (String, [SQLValue]) in
      action.hasSuffix("*") ? Self.prefixed(String(action.dropLast()), "action") : ("action = ?", [.text(action)])
    }
    conditions.append("(" + alternatives.map(\.0).joined(separator: " OR ") + ")")
    arguments += alternatives.flatMap(\.1)
  }

  private mutating func add(prefix: String, of column: String) {
    let (condition, values) = Self.prefixed(prefix, column)
    conditions.append(condition)
    arguments += values
  }

  /// Text compares by bytes, and no text goes on after U+10FFFF in practice: a range, which an index serves.
  private static func prefixed(_ prefix: String, _ column: String) -> (String, [SQLValue]) {
    ("(\(column) >= ? AND \(column) < ?)", [.text(prefix), .text(prefix + "\u{10FFFF}")])
  }
}
