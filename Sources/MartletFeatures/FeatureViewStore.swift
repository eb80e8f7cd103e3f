import MartletCore
import MartletStore

/// The tables `feature_views`, `feature_view_versions` and `online_rows`.
enum FeatureViewStore {
  private static let columns = "project, version, definition, created_at, updated_at, refreshed_to"

  static func list(_ project: ProjectName?, _ connection: any SQLConnection) throws -> [FeatureView] {
    try connection.rows(
      "SELECT \(columns) FROM feature_views \(project == nil ? "" : "WHERE project = ?") ORDER BY project, name",
      project.map { [SQLValue($0)] } ?? [], view)
  }

  static func find(_ project: ProjectName, _ name: String, _ connection: any SQLConnection) throws -> FeatureView? {
    try connection.first(
      "SELECT \(columns) FROM feature_views WHERE project = ? AND name = ?", [SQLValue(project), .text(name)], view)
  }

  static func get(_ project: ProjectName, _ name: String, _ connection: any SQLConnection) throws -> FeatureView {
    if let found = try find(project, name, connection) { return found }
    let names = try list(project, connection).map(\.name)
    throw MartletError.notFound(
      "there is no feature view '\(name)' in project \(project)\(didYouMean(name, among: names))",
      fix: names.isEmpty
        ? "define it in the project file" : "its feature views are: \(names.prefix(20).joined(separator: ", "))")
  }

  static func save(_ view: FeatureView, by author: Author, _ connection: any SQLConnection) throws {
    let definition = SQLValue(try JSON(encoding: view.definition))
    try connection.execute(
      """
      INSERT INTO feature_views (project, name, version, definition, created_at, updated_at, author, refreshed_to)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (project, name) DO UPDATE SET version = excluded.version, definition = excluded.definition,
        updated_at = excluded.updated_at, author = excluded.author, refreshed_to = excluded.refreshed_to
      """,
      [
        SQLValue(view.project), .text(view.name), .text(view.version.hex), definition, SQLValue(view.createdAt),
        SQLValue(view.updatedAt), .text(author.name), SQLValue(view.refreshedTo),
      ])
    try connection.execute(
      """
      INSERT INTO feature_view_versions (project, name, version, definition, created_at, author)
      VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (project, name, version) DO NOTHING
      """,
      [
        SQLValue(view.project), .text(view.name), .text(view.version.hex), definition, SQLValue(view.updatedAt),
        .text(author.name),
      ])
  }

  /// False when the view has another version by now, or was refreshed further by somebody else.
  static func markRefreshed(_ view: FeatureView, to time: Timestamp, _ connection: any SQLConnection) throws -> Bool {
    try connection.execute(
      """
      UPDATE feature_views SET refreshed_to = ?
      WHERE project = ? AND name = ? AND version = ? AND (refreshed_to IS NULL OR refreshed_to <= ?)
      """,
      [SQLValue(time), SQLValue(view.project), .text(view.name), .text(view.version.hex), SQLValue(time)]) == 1
  }

  private static func view(_ row: SQLRow) throws -> FeatureView {
    guard let version = Digest(hex: try row.text(1)) else {
      throw MartletError(.internalError, "a stored digest is damaged")
    }
    return FeatureView(
      project: try row.identifier(0), definition: try row.json(2).decode(), version: version,
      createdAt: try row.time(3),
      updatedAt: try row.time(4), refreshedTo: try row.optionalTime(5))
  }
}

/// The table `online_rows`: the latest row of each entity.
enum OnlineRowStore {
  static func all(_ project: ProjectName, _ view: String, _ connection: any SQLConnection) throws -> [OnlineRow] {
    try connection.rows(
      "SELECT entity, known_at, feature_values FROM online_rows WHERE project = ? AND view_name = ? ORDER BY entity",
      [SQLValue(project), .text(view)]
    ) { row in
      OnlineRow(
        entity: try row.json(0).array ?? [], timestamp: try row.optionalTime(1), values: try row.json(2).array ?? [])
    }
  }

  static func upsert(_ row: OnlineRow, _ project: ProjectName, _ view: String, _ connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO online_rows (project, view_name, entity, known_at, feature_values) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (project, view_name, entity) DO UPDATE SET known_at = excluded.known_at,
        feature_values = excluded.feature_values
      """,
      [
        SQLValue(project), .text(view), SQLValue(JSON.array(row.entity)), SQLValue(row.timestamp),
        SQLValue(JSON.array(row.values)),
      ])
  }

  static func deleteAll(_ project: ProjectName, _ view: String, _ connection: any SQLConnection) throws {
    try connection.execute(
      "DELETE FROM online_rows WHERE project = ? AND view_name = ?", [SQLValue(project), .text(view)])
  }

  static func freshness(_ project: ProjectName, _ connection: any SQLConnection) throws -> [String: (
    rows: Int, latest: Timestamp?
  )] {
    let rows = try connection.rows(
      "SELECT view_name, COUNT(*), MAX(known_at) FROM online_rows WHERE project = ? GROUP BY view_name",
      [SQLValue(project)]
    ) { (try $0.text(0), (rows: try $0.int(1), latest: try $0.optionalTime(2))) }
    return Dictionary(rows) { first, _ in first }
  }
}
