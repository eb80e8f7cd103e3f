import Foundation
package import MartletCore
import MartletEngines
package import MartletJobs

/// The jobs of this module.
package enum ServingJobs {
  package static let handlers: [JobHandler] = [CompactJob.handler, ProveJob.handler]
}

/// Makes one Parquet file of the predictions of an endpoint in a time window, with their outcomes where known.
///
/// Columns: id, version, variant, event_time, wall_time (TIMESTAMP), latency_us, score, outcome, outcome_at, and then
/// one column for each column asked for. One row for each prediction id (the last answer counts, when a request was
/// repeated) and for each shadow of it, oldest event first.
package enum CompactJob {
  package static let kind = "serving.compact"

  /// One column of what was logged.
  package struct Column: Sendable, Hashable, Codable {
    package var name: String
    package var kind: ColumnKind

    package init(_ name: String, _ kind: ColumnKind) {
      self.name = name
      self.kind = kind
    }

    fileprivate var sqlType: String {
      switch kind {
      case .number: "DOUBLE"
      case .integer, .time: "BIGINT"
      case .boolean: "BOOLEAN"
      case .text: "VARCHAR"
      }
    }
  }

  package struct Arguments: Sendable, Codable {
    /// Sealed segments of the prediction log, absolute paths.
    package var segments: [String]
    package var endpoint: EndpointName
    /// Event time of the window: from `start` to before `end`.
    package var start: Timestamp
    package var end: Timestamp
    /// Outcomes as lines of JSON (`OutcomeLog.lines`), absolute path; nil for none.
    package var outcomes: String?
    /// What was sent or joined, beside the fixed columns.
    package var columns: [Column]
    /// The Parquet file to write, absolute.
    package var output: String

    package init(
      segments: [String], endpoint: EndpointName, start: Timestamp, end: Timestamp, outcomes: String?,
      columns: [Column], output: String
    ) {
      self.segments = segments
      self.endpoint = endpoint
      self.start = start
      self.end = end
      self.outcomes = outcomes
      self.columns = columns
      self.output = output
    }
  }

  package struct Result: Sendable, Hashable, Codable {
    /// Predictions in the file, shadows not counted.
    package var predictions: Int
    /// Of them, how many have an outcome.
    package var withOutcome: Int
    /// Outcomes whose id no prediction of the segments has, in the window or not.
    package var unknownOutcomes: Int
    /// Bytes that segments lacked at their ends.
    package var tornBytes: Int
  }

  static let handler = JobHandler(kind) { (arguments: Arguments, context: JobContext) in
    try run(arguments, context)
  }

  static func run(_ arguments: Arguments, _ context: JobContext) throws -> Result {
    let lines = context.scratch + "/predictions.ndjson"
    let torn = try gather(arguments, into: lines)
    let folders =
      [context.scratch, (arguments.output as NSString).deletingLastPathComponent]
      + (arguments.outcomes.map { [($0 as NSString).deletingLastPathComponent] } ?? [])
    let duckDB = try DuckDB.open(
      engines: EngineFolder(context.engines), allowedDirectories: folders, memoryLimitMB: context.memoryMB ?? 1024,
      threads: 2, spillDirectory: context.scratch)
    try duckDB.execute(CompactSQL.readIDs(lines, arguments))
    try duckDB.execute(CompactSQL.read(lines, arguments))
    try duckDB.execute(CompactSQL.readOutcomes(arguments.outcomes))
    try duckDB.execute(CompactSQL.write(arguments))
    let counts = try duckDB.query(CompactSQL.counts)
    let numbers = try ["predictions", "with_outcome", "unknown"].map { Int(try counts.numbers($0).first ?? 0) }
    return Result(predictions: numbers[0], withOutcome: numbers[1], unknownOutcomes: numbers[2], tornBytes: torn)
  }

  /// Copies the records' lines into one file that DuckDB reads; returns how many bytes were torn off the segments.
  private static func gather(_ arguments: Arguments, into path: String) throws -> Int {
    guard FileManager.default.createFile(atPath: path, contents: nil), let output = FileHandle(forWritingAtPath: path)
    else { throw MartletError(.internalError, "the scratch file '\(path)' cannot be written") }
    defer { try? output.close() }
    var torn = 0
    var buffer: [UInt8] = []
    for segment in arguments.segments {
      torn += try SegmentReader(path: segment).forEachRecord { payload in
        buffer.append(contentsOf: payload)
        if buffer.count > 1 << 20 {
          try output.write(contentsOf: Data(buffer))
          buffer.removeAll(keepingCapacity: true)
        }
      }.tornBytes
    }
    try output.write(contentsOf: Data(buffer))
    return torn
  }

  fileprivate static func type(of column: Column) -> String { column.sqlType }
}

/// The statements of the compaction.
private enum CompactSQL {
  static func read(_ lines: String, _ arguments: CompactJob.Arguments) -> String {
    let columns = arguments.columns.map { column in
      let path = SQLText.literal("$.\"\(column.name.replacing("\"", with: "\\\""))\"")
      let type = CompactJob.type(of: column)
      let value = "COALESCE(json_extract_string(request, \(path)), json_extract_string(features, \(path)))"
      let cast = "TRY_CAST(\(value) AS \(type))"
      return (column.kind == .time ? "make_timestamp(\(cast) * 1000)" : cast) + " AS \(SQLText.quote(column.name))"
    }
    return """
      CREATE TABLE predictions AS
      SELECT id, version, variant, make_timestamp(event_time * 1000) AS event_time,
        make_timestamp(wall_time * 1000) AS wall_time, latency_us, score\(columns.map { ", " + $0 }.joined())
      FROM read_json(\(SQLText.literal(lines)), format = 'newline_delimited', columns = {
        id: 'VARCHAR', endpoint: 'VARCHAR', version: 'VARCHAR', variant: 'VARCHAR', event_time: 'BIGINT',
        wall_time: 'BIGINT', latency_us: 'BIGINT', score: 'DOUBLE', request: 'JSON', features: 'JSON'})
      WHERE endpoint = \(SQLText.literal(arguments.endpoint.text))
        AND event_time >= \(arguments.start.milliseconds) AND event_time < \(arguments.end.milliseconds)
      QUALIFY row_number() OVER (
        PARTITION BY id, CASE WHEN variant = 'shadow' THEN version END ORDER BY wall_time DESC) = 1
      """
  }

  /// The ids of all predictions in the segments, in the window or not.
  static func readIDs(_ lines: String, _ arguments: CompactJob.Arguments) -> String {
    """
    CREATE TABLE known AS SELECT DISTINCT id
    FROM read_json(\(SQLText.literal(lines)), format = 'newline_delimited',
      columns = {id: 'VARCHAR', endpoint: 'VARCHAR'})
    WHERE endpoint = \(SQLText.literal(arguments.endpoint.text))
    """
  }

  static func readOutcomes(_ path: String?) -> String {
    guard let path else { return "CREATE TABLE outcomes (id VARCHAR, value DOUBLE, \"at\" BIGINT)" }
    return """
      CREATE TABLE outcomes AS
      SELECT * FROM read_json(\(SQLText.literal(path)), format = 'newline_delimited',
        columns = {id: 'VARCHAR', value: 'DOUBLE', "at": 'BIGINT'})
      """
  }

  static func write(_ arguments: CompactJob.Arguments) -> String {
    let columns = arguments.columns.map { ", p.\(SQLText.quote($0.name))" }.joined()
    return """
      COPY (
        SELECT p.id, p.version, p.variant, p.event_time, p.wall_time, p.latency_us, p.score, o.value AS outcome,
          make_timestamp(o."at" * 1000) AS outcome_at\(columns)
        FROM predictions p LEFT JOIN outcomes o ON o.id = p.id
        ORDER BY p.event_time, p.id, p.variant
      ) TO \(SQLText.literal(arguments.output)) (FORMAT parquet, COMPRESSION zstd)
      """
  }

  static let counts = """
    SELECT
      (SELECT COUNT(*) FROM predictions WHERE variant <> 'shadow')::DOUBLE AS predictions,
      (SELECT COUNT(*) FROM predictions WHERE variant <> 'shadow' AND id IN (SELECT id FROM outcomes))::DOUBLE
        AS with_outcome,
      (SELECT COUNT(*) FROM outcomes WHERE NOT EXISTS (SELECT 1 FROM known WHERE known.id = outcomes.id))::DOUBLE
        AS unknown
    """
}
