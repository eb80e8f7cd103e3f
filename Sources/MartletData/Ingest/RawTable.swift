import Foundation
import MartletCore
import MartletEngines

/// The delivered rows as they are written, in the table `raw`, one row after the other.
struct RawTable {
  struct Column: Sendable {
    var name: String
    /// The file's own type where it has one (Parquet); text otherwise.
    var nativeType: String
    var isText: Bool { nativeType == "VARCHAR" }
  }

  let columns: [Column]
  /// What is added to a row's position (from 0) to get its line in the file; nil where files have no lines.
  let firstLine: Int?
  let rows: Int64

  var names: [String] { columns.map(\.name) }
  subscript(name: String) -> Column? { columns.first { $0.name == name } }

  /// `12 AS _line` for samples of rows.
  var position: String { firstLine.map { "rowid + \($0) AS _line" } ?? "rowid + 1 AS _row" }

  static func load(_ path: String, _ format: UploadFormat, into database: DuckDB) throws -> RawTable {
    let file = try FileStart(path)
    let columns: [Column]
    switch format {
    case .csv: columns = try loadCSV(path, file, database)
    case .jsonLines: columns = try loadJSONLines(path, file, database)
    case .parquet: columns = try loadParquet(path, file, database)
    }
    let rows = try database.query("SELECT count(*) AS n FROM raw").numbers("n").first ?? 0
    let firstLine: Int? =
      switch format {
      case .csv: 2
      case .jsonLines: 1
      case .parquet: nil
      }
    return RawTable(columns: columns, firstLine: firstLine, rows: Int64(rows))
  }

  // MARK: CSV

  private static func loadCSV(_ path: String, _ file: FileStart, _ database: DuckDB) throws -> [Column] {
    let file = file.isGzip ? try unpackedStart(path, database) : file
    let names = try file.header()
    let read = { (more: String) in
      """
      read_csv(\(SQLText.literal(path)), auto_detect = false, header = true, delim = \(SQLText.literal(file.delimiterText)),
        quote = '"', escape = '"', nullstr = ['', 'NA'], compression = '\(file.isGzip ? "gzip" : "none")',
        columns = {\(names.map { "\(SQLText.literal($0)): 'VARCHAR'" }.joined(separator: ", "))}\(more))
      """
    }
    do {
      try database.execute("CREATE TABLE raw AS SELECT * FROM \(read(""))")
    } catch let error as MartletError where error.code == .invalidInput {
      throw explain(error, database, rejecting: read(", store_rejects = true, rejects_limit = 20"))
    }
    return names.map { Column(name: $0, nativeType: "VARCHAR") }
  }

  /// The first line of a compressed file, read as one column: no text has the delimiter that is given.
  private static func unpackedStart(_ path: String, _ database: DuckDB) throws -> FileStart {
    do {
      let frame = try database.query(
        """
        SELECT line FROM read_csv(\(SQLText.literal(path)), auto_detect = false, header = false, delim = '\u{1}', quote = '',
          escape = '', compression = 'gzip', columns = {'line': 'VARCHAR'}) LIMIT 1
        """)
      guard let line = try frame.texts("line").first.flatMap(\.self) else { throw FileStart.empty }
      return FileStart(unpackedLine: line)
    } catch let error as MartletError where error.message != FileStart.empty.message {
      throw MartletError(
        .invalidInput, "the compressed file cannot be unpacked", cause: error.message,
        fix: "compress it again with gzip")
    }
  }

  /// The lines that do not fit, each with its reason.
  private static func explain(_ error: MartletError, _ database: DuckDB, rejecting read: String) -> MartletError {
    let plain = MartletError(
      .invalidInput, "the CSV file cannot be read", cause: error.message, fix: "look at the file, and export it again")
    guard (try? database.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM \(read)")) != nil,
      let bad = try? database.query(
        """
        SELECT line AS line, lower(CAST(error_type AS VARCHAR)) AS kind, min(error_message) AS reason
        FROM reject_errors GROUP BY ALL ORDER BY line LIMIT 20
        """),
      let lines = try? bad.texts("line"), let kinds = try? bad.texts("kind"), let reasons = try? bad.texts("reason"),
      !lines.isEmpty
    else { return plain }
    let listed = zip(lines, zip(kinds, reasons)).prefix(5).map { line, why in
      "line \(line ?? "?"): \(why.0 ?? "")\((why.1).map { $0.hasPrefix("Expected") ? " (\($0.lowercased()))" : "" } ?? "")"
    }
    let count =
      lines.count == 20 ? "20 or more broken lines" : lines.count == 1 ? "a broken line" : "\(lines.count) broken lines"
    let isEncoding = kinds.allSatisfy { $0?.contains("encoding") == true }
    return MartletError(
      .invalidInput, "the CSV file has \(count)", cause: listed.joined(separator: "; "),
      fix: isEncoding
        ? "save the file as UTF-8" : "give every line as many values as the header has names, and close every quote")
  }

  // MARK: JSON lines

  private static func loadJSONLines(_ path: String, _ file: FileStart, _ database: DuckDB) throws -> [Column] {
    do {
      try database.execute(
        """
        CREATE TABLE lines AS SELECT json FROM read_ndjson_objects(\(SQLText.literal(path)),
          compression = '\(file.isGzip ? "gzip" : "uncompressed")')
        """)
    } catch let error as MartletError where error.code == .invalidInput {
      throw MartletError(
        .invalidInput, "the JSON lines cannot be read",
        cause: error.message.replacingOccurrences(of: path, with: "the file"),
        fix: "write one JSON object a line")
    }
    let odd = try database.query("SELECT min(rowid) + 1 AS line FROM lines WHERE json_type(json) <> 'OBJECT'")
    if let line = try odd.numbers("line").first, line.isFinite {
      throw MartletError.invalidInput("line \(Int(line)) is not a JSON object", fix: "write one JSON object a line")
    }
    let names = try database.query(
      """
      SELECT name FROM (SELECT unnest(json_keys(json)) AS name, rowid AS line FROM lines)
      GROUP BY name ORDER BY min(line), min(name)
      """
    ).texts("name").compactMap(\.self)
    guard !names.isEmpty else { throw FileStart.empty }
    // The simplest path of a JSON pointer: '/' and '~' are its own.
    let columns = names.map { name in
      let pointer = "/" + name.replacingOccurrences(of: "~", with: "~0").replacingOccurrences(of: "/", with: "~1")
      return "json_extract_string(json, \(SQLText.literal(pointer))) AS \(SQLText.quote(name))"
    }
    try database.execute(
      "CREATE TABLE raw AS SELECT \(columns.joined(separator: ", ")) FROM lines ORDER BY rowid; DROP TABLE lines")
    return names.map { Column(name: $0, nativeType: "VARCHAR") }
  }

  // MARK: Parquet

  private static func loadParquet(_ path: String, _ file: FileStart, _ database: DuckDB) throws -> [Column] {
    guard file.isParquet else {
      throw MartletError.invalidInput(
        "the file is not Parquet", fix: "deliver a Parquet file, or say which format it is")
    }
    do {
      try database.execute("CREATE TABLE raw AS SELECT * FROM read_parquet(\(SQLText.literal(path)))")
    } catch let error as MartletError where error.code == .invalidInput {
      throw MartletError(
        .invalidInput, "the Parquet file cannot be read",
        cause: error.message.replacing("the SQL statement is wrong: ", with: "").replacing("'\(path)'", with: "'it'"),
        fix: "write the file again; it may have been cut off on its way")
    }
    let described = try database.query("SELECT column_name, column_type FROM (DESCRIBE raw)")
    let types = try described.texts("column_type")
    return zip(try described.texts("column_name"), types).map { Column(name: $0 ?? "", nativeType: $1 ?? "VARCHAR") }
  }
}
