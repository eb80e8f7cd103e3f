package import MartletCore
import MartletStore

package enum ImportKind {}
package typealias ImportID = Identifier<ImportKind>

/// An import from another server, under way or over.
package struct ImportRecord: Sendable, Hashable {
  package enum State: String, Sendable, Hashable, CaseIterable {
    case open
    /// Everything is here, and it is what was there.
    case verified
    /// Everything was sent, and something differs.
    case differs
  }

  package var id: ImportID
  /// Where from, as the user named it, without a password.
  package var source: String
  /// Whether experiments that were here already may be added to.
  package var intoExisting: Bool
  package var state: State
  package var author: String
  package var createdAt: Timestamp
  package var updatedAt: Timestamp
  /// The comparison at its end.
  package var report: JSON?
  /// How many of each kind it has brought so far.
  package var counts: [String: Int]
}

/// The SQL of imports.
enum ImportStore {
  private static let columns = "id, source, into_existing, state, author, created_time, updated_time, report"

  static func insert(_ record: ImportRecord, in connection: any SQLConnection) throws {
    try connection.execute(
      "INSERT INTO imports (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
      [
        SQLValue(record.id), .text(record.source), SQLValue(record.intoExisting), .text(record.state.rawValue),
        .text(record.author), SQLValue(record.createdAt), SQLValue(record.updatedAt),
      ])
  }

  static func update(_ record: ImportRecord, in connection: any SQLConnection) throws {
    try connection.execute(
      "UPDATE imports SET state = ?, into_existing = ?, updated_time = ?, report = ? WHERE id = ?",
      [
        .text(record.state.rawValue), SQLValue(record.intoExisting), SQLValue(record.updatedAt),
        SQLValue(record.report?.text), SQLValue(record.id),
      ])
  }

  /// Without its counts, which take long when there is much.
  static func get(_ id: ImportID, in connection: any SQLConnection) throws -> ImportRecord {
    guard
      let record = try connection.first("SELECT \(columns) FROM imports WHERE id = ?", [SQLValue(id)], read)
    else {
      throw MartletError.notFound("there is no import '\(id.text.prefix(64))'", fix: "martlet import list shows them")
    }
    return record
  }

  static func counted(_ id: ImportID, in connection: any SQLConnection) throws -> ImportRecord {
    var record = try get(id, in: connection)
    let counts = try connection.rows(
      """
      SELECT kind, COUNT(*) FROM import_items WHERE import = ? AND kind <> 'experiment name' AND kind NOT LIKE 'done %'
      GROUP BY kind
      """, [SQLValue(id)]
    ) { (try $0.text(0), try $0.int(1)) }
    record.counts = Dictionary(counts, uniquingKeysWith: { first, _ in first })
    return record
  }

  /// The newest of a source.
  static func find(source: String, in connection: any SQLConnection) throws -> ImportID? {
    try connection.first(
      "SELECT id FROM imports WHERE source = ? ORDER BY created_time DESC LIMIT 1", [.text(source)]
    ) { try $0.identifier(0) }
  }

  static func list(limit: Int, in connection: any SQLConnection) throws -> [ImportRecord] {
    let ids: [ImportID] = try connection.rows(
      "SELECT id FROM imports ORDER BY created_time DESC, id LIMIT ?", [SQLValue(limit)]
    ) { try $0.identifier(0) }
    return try ids.map { try counted($0, in: connection) }
  }

  // MARK: - Items

  static func note(
    _ kind: String, _ item: String, local: Int64? = nil, of id: ImportID, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      "INSERT INTO import_items (import, kind, item, local) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
      [SQLValue(id), .text(kind), .text(item), SQLValue(local)])
  }

  static func has(_ kind: String, _ item: String, of id: ImportID, in connection: any SQLConnection) throws -> Bool {
    try connection.first(
      "SELECT 1 FROM import_items WHERE import = ? AND kind = ? AND item = ?",
      [SQLValue(id), .text(kind), .text(item)]
    ) { _ in true } ?? false
  }

  static func local(_ kind: String, _ item: String, of id: ImportID, in connection: any SQLConnection) throws -> Int64?
  {
    try connection.first(
      "SELECT local FROM import_items WHERE import = ? AND kind = ? AND item = ?",
      [SQLValue(id), .text(kind), .text(item)]
    ) { try $0.optionalInteger(0) } ?? nil
  }

  /// Items of a kind after one, in their order.
  static func items(_ kind: String, of id: ImportID, after item: String, limit: Int, in connection: any SQLConnection)
    throws -> [(item: String, local: Int64?)]
  {
    try connection.rows(
      "SELECT item, local FROM import_items WHERE import = ? AND kind = ? AND item > ? ORDER BY item LIMIT ?",
      [SQLValue(id), .text(kind), .text(item), SQLValue(limit)]
    ) { (try $0.text(0), try $0.optionalInteger(1)) }
  }

  private static func read(_ row: SQLRow) throws -> ImportRecord {
    ImportRecord(
      id: try row.identifier(0), source: try row.text(1), intoExisting: try row.boolean(2),
      state: ImportRecord.State(rawValue: try row.text(3)) ?? .open, author: try row.text(4),
      createdAt: try row.time(5), updatedAt: try row.time(6),
      report: try row.optionalText(7).map { try JSON.parse($0) },
      counts: [:])
  }
}
