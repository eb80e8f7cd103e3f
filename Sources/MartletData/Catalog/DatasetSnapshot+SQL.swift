package import MartletCore
import MartletEngines

extension DatasetSnapshot {
  /// The folders that its files are in, for `DuckDB.open(allowedDirectories:)`.
  package var folders: [String] {
    Set((files + tail).map { file in file.path.lastIndex(of: "/").map { String(file.path[..<$0]) } ?? "." }).sorted()
  }

  /// A query that gives the dataset's rows: committed ones, and those of the live tail.
  ///
  /// - Parameter bounds: only rows whose time column lies in them, both ends included.
  package func sql(within bounds: ClosedRange<Timestamp>? = nil) -> String {
    let columns = schema.names.map(SQLText.quote).joined(separator: ", ")
    var parts: [String] = []
    if !files.isEmpty {
      parts.append("SELECT \(columns) FROM read_parquet(\(SQLText.list(files.map(\.path))), union_by_name = true)")
    }
    if !tail.isEmpty { parts.append("SELECT \(columns) FROM (\(tailSQL))") }
    if parts.isEmpty {
      let none = schema.columns.map { "CAST(NULL AS \($0.type.sql)) AS \(SQLText.quote($0.name))" }
      parts.append("SELECT \(none.joined(separator: ", ")) WHERE false")
    }
    let all = parts.joined(separator: "\nUNION ALL\n")
    guard let bounds, let condition = timeCondition(bounds) else { return all }
    return "SELECT * FROM (\(all)\n) WHERE \(condition)"
  }

  /// `"known_at" BETWEEN … AND …`; nil for datasets without a time column.
  package func timeCondition(_ bounds: ClosedRange<Timestamp>) -> String? {
    guard let time, schema[time] != nil else { return nil }
    return "\(SQLText.quote(time)) BETWEEN \(bounds.lowerBound.sqlLiteral) AND \(bounds.upperBound.sqlLiteral)"
  }

  /// The tail's rows; of rows with the same key the one pushed last.
  private var tailSQL: String {
    let paths = tail.map(\.path)
    let read = """
      SELECT * FROM read_csv(\(SQLText.list(paths)), \(Self.csvOptions(schema)), filename = 'pushed_in')
      """
    guard !key.isEmpty else { return read }
    let by = key.map(SQLText.quote).joined(separator: ", ")
    return """
      \(read) QUALIFY row_number() OVER (
        PARTITION BY \(by) ORDER BY list_position(\(SQLText.list(paths)), pushed_in) DESC) = 1
      """
  }

  /// How a tail file is read: its columns are known, nothing is guessed.
  package static func csvOptions(_ schema: DataSchema) -> String {
    let columns = schema.columns.map { "\(SQLText.literal($0.name)): '\($0.type.sql)'" }
    return """
      auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', nullstr = '',
      timestampformat = '%Y-%m-%d %H:%M:%S.%g', columns = {\(columns.joined(separator: ", "))}
      """
  }
}

extension Timestamp {
  /// As SQL: `TIMESTAMP '2013-04-01 10:00:00.000'`.
  package var sqlLiteral: String { "TIMESTAMP '\(sqlText)'" }

  /// `2013-04-01 10:00:00.000`, UTC.
  package var sqlText: String { description.replacing("T", with: " ").replacing("Z", with: "") }
}
