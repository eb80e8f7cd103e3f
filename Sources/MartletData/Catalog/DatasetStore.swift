import MartletCore
import MartletStore

/// The tables `datasets` and `data_versions`.
enum DatasetStore {
  private static let columns = "project, name, definition, contract, head, baseline, created_at, updated_at"

  static func all(project: ProjectName?, _ connection: any SQLConnection) throws -> [DatasetRecord] {
    let condition = project == nil ? "" : "WHERE project = ?"
    return try connection.rows(
      "SELECT \(columns) FROM datasets \(condition) ORDER BY project, name", project.map { [SQLValue($0)] } ?? [],
      record)
  }

  static func find(_ key: DatasetKey, _ connection: any SQLConnection) throws -> DatasetRecord? {
    try connection.first(
      "SELECT \(columns) FROM datasets WHERE project = ? AND name = ?", [SQLValue(key.project), SQLValue(key.name)],
      record)
  }

  /// The dataset; when it is unknown, the error suggests one of the project's names.
  static func get(_ key: DatasetKey, _ connection: any SQLConnection) throws -> DatasetRecord {
    if let found = try find(key, connection) { return found }
    let names = try all(project: key.project, connection).map(\.key.name.text)
    throw MartletError.notFound(
      "there is no dataset '\(key.name)' in project \(key.project)\(didYouMean(key.name.text, among: names))",
      fix: names.isEmpty
        ? "define it in the project file and apply that"
        : "its datasets are: \(names.prefix(20).joined(separator: ", "))")
  }

  private static func record(_ row: SQLRow) throws -> DatasetRecord {
    DatasetRecord(
      key: DatasetKey(project: try row.identifier(0), name: try row.identifier(1)),
      definition: try row.json(2).decode(),
      contract: try row.optionalText(3).map { try JSON.parse($0).decode() },
      head: try row.optionalInteger(4).map(Int.init),
      baseline: try row.optionalText(5), createdAt: try row.time(6), updatedAt: try row.time(7))
  }

  static func save(_ record: DatasetRecord, by author: Author, _ connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO datasets (project, name, definition, contract, head, baseline, created_at, updated_at, author)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (project, name) DO UPDATE SET definition = excluded.definition, contract = excluded.contract,
        baseline = excluded.baseline, updated_at = excluded.updated_at, author = excluded.author
      """,
      [
        SQLValue(record.key.project), SQLValue(record.key.name), SQLValue(try JSON(encoding: record.definition)),
        SQLValue(try record.contract.map { try JSON(encoding: $0).text }), SQLValue(record.head.map(Int64.init)),
        SQLValue(record.baseline), SQLValue(record.createdAt), SQLValue(record.updatedAt), SQLValue(author.name),
      ])
  }

  /// Moves the head from one version to the next; false when somebody else moved it in between.
  static func moveHead(_ key: DatasetKey, from old: Int?, to new: Int, _ connection: any SQLConnection) throws -> Bool {
    let condition = old == nil ? "head IS NULL" : "head = ?"
    let arguments = [SQLValue(new), SQLValue(key.project), SQLValue(key.name)] + (old.map { [SQLValue($0)] } ?? [])
    return try connection.execute(
      "UPDATE datasets SET head = ? WHERE project = ? AND name = ? AND \(condition)", arguments) == 1
  }
}

/// The table `data_versions`.
enum VersionStore {
  private static let columns = """
    project, name, number, id, parent, event_time, created_at, author, row_count, byte_count, partition_count, changes
    """

  static func insert(_ version: DataVersion, _ connection: any SQLConnection) throws {
    try connection.execute(
      "INSERT INTO data_versions (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [
        SQLValue(version.dataset.project), SQLValue(version.dataset.name), SQLValue(version.number),
        SQLValue(version.id),
        SQLValue(version.parent), SQLValue(version.eventTime), SQLValue(version.createdAt), .text(version.author),
        .integer(version.rows), .integer(version.bytes), SQLValue(version.partitions),
        SQLValue(try JSON(encoding: version.changes)),
      ])
  }

  /// Newest first.
  static func list(_ key: DatasetKey, before number: Int, limit: Int, _ connection: any SQLConnection) throws
    -> [DataVersion]
  {
    try connection.rows(
      "SELECT \(columns) FROM data_versions WHERE project = ? AND name = ? AND number < ? ORDER BY number DESC LIMIT ?",
      [SQLValue(key.project), SQLValue(key.name), SQLValue(number), SQLValue(limit)], version)
  }

  static func find(_ key: DatasetKey, number: Int, _ connection: any SQLConnection) throws -> DataVersion? {
    try connection.first(
      "SELECT \(columns) FROM data_versions WHERE project = ? AND name = ? AND number = ?",
      [SQLValue(key.project), SQLValue(key.name), SQLValue(number)], version)
  }

  /// By the id, or by at least 6 of its first digits.
  static func find(_ key: DatasetKey, id: String, _ connection: any SQLConnection) throws -> [DataVersion] {
    try connection.rows(
      "SELECT \(columns) FROM data_versions WHERE project = ? AND name = ? AND id >= ? AND id < ? LIMIT 2",
      [SQLValue(key.project), SQLValue(key.name), .text(id), .text(id + "g")], version)
  }

  private static func version(_ row: SQLRow) throws -> DataVersion {
    DataVersion(
      dataset: DatasetKey(project: try row.identifier(0), name: try row.identifier(1)), id: try row.identifier(3),
      number: try row.int(2), parent: try row.optionalText(4).map { DataVersionID($0) }, eventTime: try row.time(5),
      createdAt: try row.time(6), author: try row.text(7), rows: try row.integer(8), bytes: try row.integer(9),
      partitions: try row.int(10), changes: try row.json(11).decode())
  }
}
