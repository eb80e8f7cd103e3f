import MartletCore
import MartletData
import MartletEngines
import MartletJobs

/// Runs one query over datasets and earlier tables, and writes its rows as Parquet, in a child process.
struct SQLJob: Codable, Sendable {
  static let kind = "lifecycle.sql"

  /// The query, with every `${…}` already replaced.
  var sql: String
  /// Where it was written, for messages: "the step 'train'".
  var place: String
  /// Parquet files behind each table name that the query may use; it can read no others.
  var tables: [String: [String]]
  /// The Parquet file to write, in a folder of the job's own.
  var output: String
  /// What DuckDB may hold in memory; nil is its default.
  var memoryMB: Int?

  struct Outcome: Codable, Sendable {
    var rows: Int
    var columns: [String]
    /// Missing values by column, where there are any.
    var missing: [String: Int]
  }

  static let handler = JobHandler(kind) { (job: SQLJob, context: JobContext) throws -> Outcome in
    try job.run(context)
  }

  func run(_ context: JobContext) throws -> Outcome {
    let database = try DuckDB.open(
      engines: EngineFolder(context.engines), allowedFiles: tables.values.flatMap(\.self) + [output],
      memoryLimitMB: memoryMB ?? 1024, spillDirectory: context.scratch)
    let query = try OneQuery.text(of: sql, in: place, database)
    for (name, files) in tables.sorted(by: { $0.key < $1.key }) {
      try database.execute(
        "CREATE VIEW \(SQLText.quote(name)) AS SELECT * FROM read_parquet(\(SQLText.list(files)), union_by_name = true)"
      )
    }
    try database.execute("COPY (\(query)\n) TO \(SQLText.literal(output)) (FORMAT parquet, COMPRESSION zstd)")
    return try Self.summary(of: output, in: database)
  }

  private static func summary(of file: String, in database: DuckDB) throws -> Outcome {
    let source = "read_parquet(\(SQLText.literal(file)))"
    let columns = try database.query("DESCRIBE SELECT * FROM \(source)").texts("column_name").compactMap(\.self)
    let counts = columns.map { "count(*) - count(\(SQLText.quote($0)))" }
    let totals = try database.query("SELECT count(*)\(counts.map { ", " + $0 }.joined()) FROM \(source)")
    let values = try totals.names.map { try totals.numbers($0)[0] }
    let missing = zip(columns, values.dropFirst()).filter { $0.1 > 0 }.map { ($0.0, Int($0.1)) }
    return Outcome(rows: Int(values[0]), columns: columns, missing: Dictionary(uniqueKeysWithValues: missing))
  }
}
