import MartletCore
import MartletData
import MartletEngines

/// A view's SQL with what is around it in training and in serving.
///
/// Of several rows with the same entity and timestamp both sides take the first by the values in their order, so that
/// they agree.
struct ViewQuery: Sendable, Hashable, Codable {
  var name: String
  var entity: [String]
  var timestamp: String?
  var sql: String
  /// Milliseconds.
  var ttl: Int64?
  var lookback: Int64?

  init(_ definition: FeatureViewDefinition) {
    name = definition.name
    entity = definition.entity
    timestamp = definition.timestamp
    ttl = definition.ttl?.duration.wholeMilliseconds
    lookback = definition.lookback?.duration.wholeMilliseconds
    sql = definition.sql
  }

  /// The same view with its SQL proven to be one query, ready to stand in parentheses.
  func checked(_ database: DuckDB) throws -> ViewQuery {
    var checked = self
    checked.sql = try OneQuery.text(of: sql, in: "the feature view '\(name)'", database)
    return checked
  }

  /// The result's columns that are neither entity nor timestamp; checks that those two are there.
  func values(_ database: DuckDB) throws -> [String] {
    let names: [String]
    do {
      names = try database.query("DESCRIBE \(sql)").texts("column_name").compactMap(\.self)
    } catch let error as MartletError {
      throw MartletError(
        error.code, "the SQL of the feature view '\(name)': \(error.message)", cause: error.cause, fix: error.fix)
    }
    for needed in entity + (timestamp.map { [$0] } ?? []) where !names.contains(needed) {
      throw MartletError.invalidInput(
        "the SQL of the feature view '\(name)' does not return the column '\(needed)'\(didYouMean(needed, among: names))",
        fix: "it returns: \(names.prefix(40).joined(separator: ", "))")
    }
    let values = names.filter { !entity.contains($0) && $0 != timestamp }
    guard !values.isEmpty else {
      throw MartletError.invalidInput("the feature view '\(name)' returns no values beside its entity and timestamp")
    }
    return values
  }

  private func quoted(_ names: [String]) -> String { names.map(SQLText.quote).joined(separator: ", ") }
  private var hasEntity: String { entity.map { "\(SQLText.quote($0)) IS NOT NULL" }.joined(separator: " AND ") }

  /// All rows, one for each entity and timestamp: what training joins with.
  func history(_ values: [String]) -> String {
    let keys = entity + (timestamp.map { [$0] } ?? [])
    let known = timestamp.map { " AND \(SQLText.quote($0)) IS NOT NULL" } ?? ""
    let time = timestamp.map { ", CAST(\(SQLText.quote($0)) AS TIMESTAMP) AS \(SQLText.quote($0))" } ?? ""
    return """
      SELECT DISTINCT ON (\(quoted(keys))) \(quoted(entity))\(time), \(quoted(values))
      FROM (\(sql)
      ) AS view_rows WHERE \(hasEntity)\(known) ORDER BY \(quoted(keys + values))
      """
  }

  /// What serving looks up: for each entity, in the order of their times, the rows that became known after `since` and
  /// by `now`, at most `ViewQuery.keptRows` of them, and always the latest that is not too old.
  func changes(_ values: [String], since: Timestamp?, at now: Timestamp) -> String {
    guard let timestamp else {
      return """
        SELECT DISTINCT ON (\(quoted(entity))) \(quoted(entity + values))
        FROM (\(sql)
        ) AS view_rows WHERE \(hasEntity) ORDER BY \(quoted(entity + values))
        """
    }
    let time = SQLText.quote(timestamp)
    let oldest = oldest(since: since, at: now).map { " AND \(time) >= \($0.sqlLiteral)" } ?? ""
    let position = "row_number() OVER (PARTITION BY \(quoted(entity)) ORDER BY \(time) DESC)"
    let passed = since.map { " OR (\(time) > \($0.sqlLiteral) AND \(position) <= \(Self.keptRows))" } ?? ""
    return """
      WITH known AS (
        SELECT DISTINCT ON (\(quoted(entity)), \(time))
          \(quoted(entity)), CAST(\(time) AS TIMESTAMP) AS \(time), \(quoted(values))
        FROM (\(sql)
        ) AS view_rows WHERE \(hasEntity) AND \(time) <= \(now.sqlLiteral)\(oldest)
        ORDER BY \(quoted(entity)), \(time), \(quoted(values))
      )
      SELECT * FROM known QUALIFY \(position) = 1\(passed) ORDER BY \(quoted(entity)), \(time)
      """
  }

  /// The time before which no row is of use: too old now, and passed before the last refresh. Nil: there is none.
  func oldest(since: Timestamp?, at now: Timestamp) -> Timestamp? {
    guard let ttl else { return nil }
    let fresh = Timestamp(milliseconds: now.milliseconds - ttl)
    return since.map { min($0, fresh) } ?? fresh
  }

  /// How many rows of one entity a refresh returns, as many as the scoring plane keeps.
  static let keptRows = 512
}
