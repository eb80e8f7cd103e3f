import MartletArtifacts
package import MartletCore
import MartletEngines
import MartletJobs

/// The first rows of a Parquet file that somebody logged, read in a child process: the file may be anything.
struct ParquetRowsJob: Codable, Sendable {
  static let kind = "lifecycle.parquet-rows"
  /// More columns than this are not shown.
  static let mostColumns = 60
  /// Characters of a cell.
  static let longestCell = 200

  var file: String
  var limit: Int

  static let handler = JobHandler(kind) { (job: ParquetRowsJob, context: JobContext) throws -> FileRows in
    try job.run(context)
  }

  func run(_ context: JobContext) throws -> FileRows {
    let database = try DuckDB.open(
      engines: EngineFolder(context.engines), allowedFiles: [file], memoryLimitMB: 512, threads: 1)
    let source = "read_parquet(\(SQLText.literal(file)))"
    let columns = try database.query("DESCRIBE SELECT * FROM \(source)").texts("column_name").compactMap(\.self)
    let shown = Array(columns.prefix(Self.mostColumns))
    let total = try database.query("SELECT count(*) AS total FROM \(source)").numbers("total").first ?? 0
    let cells = shown.enumerated().map { place, name in
      "left(CAST(\(SQLText.quote(name)) AS VARCHAR), \(Self.longestCell)) AS c\(place)"
    }
    let frame = try database.query("SELECT \(cells.joined(separator: ", ")) FROM \(source) LIMIT \(limit)")
    let texts = try shown.indices.map { try frame.texts("c\($0)") }
    let count = texts.first?.count ?? 0
    return FileRows(
      columns: shown, rows: (0..<count).map { row in texts.map { $0[row] } }, totalRows: Int(total),
      isCut: columns.count > shown.count)
  }
}

/// The first rows of a table in a file, as text.
package struct FileRows: Codable, Sendable, Hashable {
  package var columns: [String]
  /// Nil where a value is missing.
  package var rows: [[String?]]
  package var totalRows: Int
  /// There are more columns than these.
  package var isCut: Bool
}

extension Platform {
  /// The first rows of a stored Parquet file.
  ///
  /// - Throws: when the file is no Parquet, or DuckDB is not installed.
  package func parquetRows(of digest: Digest, limit: Int) async throws -> FileRows {
    let file = try await artifacts.path(of: digest)
    return try await jobs.run(
      ParquetRowsJob.kind, ParquetRowsJob(file: file, limit: limit), lane: .prompt, returning: FileRows.self)
  }
}
