import MartletCore
import MartletData
import MartletEngines
import Synchronization

/// Datasets' recent rows kept in the memory of a worker between refreshes, so that each reads only what is new.
///
/// Used by one refresh at a time (see `with`). Files are immutable and known by their digests; a table holds the rows of exactly the files asked for last.
final class WarmTables: @unchecked Sendable {
  private struct Table {
    var name: String
    var schema: DataSchema
    /// Numbers of the loaded files, by digest and partition; higher is newer.
    var loaded: [String: Int] = [:]
    var nextNumber = 1
    var deletedRows: Int64 = 0
  }

  let database: DuckDB
  private var tables: [DatasetKey: Table] = [:]
  private var views: [ViewQuery: (checked: ViewQuery, values: [String])] = [:]

  init(engines: String, folders: [String]) throws {
    database = try DuckDB.open(
      engines: EngineFolder(engines), allowedDirectories: folders, memoryLimitMB: 1024, threads: 1)
  }

  /// Makes the dataset's name a view of its rows within the bounds, reading the files that are not loaded yet.
  func show(_ snapshot: DatasetSnapshot, within bounds: ClosedRange<Timestamp>?) throws {
    let table = try load(snapshot)
    let columns = snapshot.schema.names.map(SQLText.quote).joined(separator: ", ")
    var rows = "SELECT \(columns) FROM \(table.name)"
    let tail = snapshot.tail.compactMap { table.loaded[Self.id($0)] }.map(String.init).joined(separator: ", ")
    if !tail.isEmpty, !snapshot.key.isEmpty {
      let key = snapshot.key.map(SQLText.quote).joined(separator: ", ")
      rows = """
        \(rows) WHERE _file NOT IN (\(tail)) UNION ALL
        SELECT \(columns) FROM \(table.name) WHERE _file IN (\(tail))
        QUALIFY row_number() OVER (PARTITION BY \(key) ORDER BY _file DESC) = 1
        """
    }
    if let condition = bounds.flatMap(snapshot.timeCondition) { rows = "SELECT * FROM (\(rows)) WHERE \(condition)" }
    try database.execute("CREATE OR REPLACE VIEW \(SQLText.quote(snapshot.dataset.name.text)) AS \(rows)")
  }

  /// The view ready to run and the names of its values, worked out once.
  func prepared(_ view: ViewQuery) throws -> (checked: ViewQuery, values: [String]) {
    if let known = views[view] { return known }
    let checked = try view.checked(database)
    let prepared = (checked: checked, values: try checked.values(database))
    views[view] = prepared
    return prepared
  }

  private static func id(_ file: DataFile) -> String { "\(file.partition)/\(file.digest.hex)" }

  private func load(_ snapshot: DatasetSnapshot) throws -> Table {
    var table = try existing(snapshot)
    let wanted = snapshot.files + snapshot.tail
    let ids = Set(wanted.map(Self.id))
    let gone = table.loaded.filter { !ids.contains($0.key) }
    if !gone.isEmpty {
      let numbers = gone.values.map(String.init).joined(separator: ", ")
      try database.execute("DELETE FROM \(table.name) WHERE _file IN (\(numbers))")
      for id in gone.keys { table.loaded[id] = nil }
    }
    for file in wanted where table.loaded[Self.id(file)] == nil {
      let path = SQLText.literal(file.path)
      let read =
        file.format == .parquet
        ? "read_parquet(\(path))" : "read_csv(\(path), \(DatasetSnapshot.csvOptions(snapshot.schema)))"
      try database.execute("INSERT INTO \(table.name) BY NAME SELECT *, \(table.nextNumber) AS _file FROM \(read)")
      table.loaded[Self.id(file)] = table.nextNumber
      table.nextNumber += 1
    }
    table.deletedRows += Int64(gone.count)
    if table.deletedRows > 200 {
      // Deleted rows keep their place in memory until the table is written anew.
      try database.execute("CREATE OR REPLACE TABLE \(table.name) AS SELECT * FROM \(table.name)")
      table.deletedRows = 0
    }
    tables[snapshot.dataset] = table
    return table
  }

  private func existing(_ snapshot: DatasetSnapshot) throws -> Table {
    if let table = tables[snapshot.dataset], table.schema == snapshot.schema { return table }
    let table = Table(name: SQLText.quote("_rows of \(snapshot.dataset)"), schema: snapshot.schema)
    let columns = snapshot.schema.columns.map { "\(SQLText.quote($0.name)) \($0.type.sql)" } + ["_file INTEGER"]
    try database.execute("CREATE OR REPLACE TABLE \(table.name) (\(columns.joined(separator: ", ")))")
    views.removeAll()
    return table
  }

  /// One for each project, so that none sees another's rows; for the life of the worker.
  private static let kept = Mutex<[String: WarmTables]>([:])

  /// Runs the body with the project's tables; one refresh at a time. After an error they are built anew.
  static func with<Value: Sendable>(
    project: ProjectName, engines: String, folders: [String], _ body: (WarmTables) throws -> Value
  ) throws -> Value {
    let name = ([project.text, engines] + folders).joined(separator: "\n")
    return try kept.withLock { kept in
      let tables = try kept[name] ?? WarmTables(engines: engines, folders: folders)
      kept[name] = nil
      let value = try body(tables)
      if kept.count > 4 { kept.removeAll() }
      kept[name] = tables
      return value
    }
  }
}
