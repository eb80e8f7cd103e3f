package import MartletCore
import MartletEngines
package import MartletJobs

/// What `data.ingest` is given.
package struct IngestArguments: Sendable, Codable {
  /// The local path of the delivered file.
  package var upload: String
  package var format: UploadFormat
  /// The one partition that the delivery is for; nil lets the rows decide.
  package var partition: String?
  package var definition: DatasetDefinition
  /// The contract learned or declared before; nil at the first delivery.
  package var contract: DataSchema?
  /// For foreign keys: the Parquet files of other datasets.
  package var references: [String: [String]]
  /// The folder that the partitions' Parquet files are written into.
  package var output: String
  package var eventTime: Timestamp
}

/// One partition of a delivery: its file, measured and checked.
package struct IngestedPartition: Sendable, Codable {
  package var partition: String
  /// The Parquet file's path.
  package var path: String
  package var firstTime: Timestamp?
  package var lastTime: Timestamp?
  package var statistics: PartitionStatistics
  package var findings: [Finding]
}

/// What `data.ingest` returns: the contract the rows were held to, and the partitions.
package struct IngestOutcome: Sendable, Codable {
  package var contract: DataSchema
  package var partitions: [IngestedPartition]
}

/// Reads a delivered file, holds it to the contract, measures it in one scan and writes one Parquet file a partition.
package enum IngestJob {
  package static let handler = JobHandler("data.ingest") { (arguments: IngestArguments, context: JobContext) in
    try run(arguments, context)
  }

  static func run(_ arguments: IngestArguments, _ context: JobContext) throws -> IngestOutcome {
    let database = try DuckDB.open(
      engines: EngineFolder(context.engines), allowedDirectories: [arguments.output],
      allowedFiles: [arguments.upload] + arguments.references.values.flatMap(\.self), memoryLimitMB: 2048, threads: 2,
      spillDirectory: context.scratch)
    let definition = arguments.definition
    let raw = try RawTable.load(arguments.upload, arguments.format, into: database)
    guard raw.rows > 0 else {
      throw MartletError.invalidInput("the file has a header but no rows", fix: "deliver at least one row")
    }
    context.progress(0.2, "read \(raw.rows) rows")
    let declared = try definition.schema.declared()
    let contract =
      try arguments.contract?.overlaid(with: declared)
      ?? TypeInference.schema(of: raw, declared: declared, definition: definition, database)
    let typed = try TypedTable.build(from: raw, schema: contract, definition: definition, database)
    try typed.checkPartitions(named: arguments.partition, rule: definition.partition, raw, database)
    let described =
      arguments.contract == nil ? try TypeInference.describe(contract, rows: raw.rows, database) : contract
    context.progress(0.5, "typed \(typed.partitions.count) partitions")
    let (rows, findings) = try check(described, typed, raw, arguments, database)
    context.progress(0.7, "checked")
    let partitions = try rows.enumerated().map { index, row in
      context.progress(0.7 + 0.3 * Double(index) / Double(rows.count), "writing \(row.partition)")
      return IngestedPartition(
        partition: row.partition,
        path: try write(row.partition, "\(arguments.output)/\(index).parquet", described, definition, database),
        firstTime: row.firstTime, lastTime: row.lastTime, statistics: row.statistics,
        findings: findings.filter { $0.partition == row.partition })
    }
    return IngestOutcome(contract: described, partitions: partitions)
  }

  private static func check(
    _ schema: DataSchema, _ typed: TypedTable, _ raw: RawTable, _ arguments: IngestArguments, _ database: DuckDB
  ) throws -> (rows: [PartitionScan.Row], findings: [Finding]) {
    let definition = arguments.definition
    let checks =
      try CompiledCheck.checks(of: schema, key: definition.key)
      + definition.expect.compactMap { try CompiledCheck.check($0, schema: schema) }
    for spec in definition.control {
      if let column = spec.stat.column { _ = try schema.column(column, of: "the control chart of \(spec.stat)") }
    }
    let charted = definition.control.compactMap { $0.stat.kind == .distinct ? $0.stat.column : nil }
    let scan = PartitionScan(schema: schema, checks: checks, time: definition.time, exactDistinct: Set(charted))
    let rows = try scan.run(database)
    var findings = rows.flatMap { row in
      zip(checks, row.failing).compactMap { check, failing in
        // A column that is gone is one finding, not one for each check on it.
        check.column.map(typed.missing.contains) == true
          ? nil : check.finding(failing: failing, rows: row.statistics.rows, partition: row.partition)
      }
    }
    try RowSamples.add(to: &findings, checks: checks, raw, database)
    let queries = QueryChecks(
      definition: definition, schema: schema, references: arguments.references, eventTime: arguments.eventTime,
      database: database)
    findings += try queries.findings(rows)
    return (rows, TypeFindings.columns(typed, raw) + (try TypeFindings.types(typed, raw, database)) + findings)
  }

  /// Rows are ordered by the key, so that equal content gives equal bytes however it was delivered.
  private static func write(
    _ partition: String, _ path: String, _ schema: DataSchema, _ definition: DatasetDefinition, _ database: DuckDB
  ) throws -> String {
    let columns = schema.names.map(SQLText.quote).joined(separator: ", ")
    let order = definition.key.isEmpty ? "rowid" : definition.key.map(SQLText.quote).joined(separator: ", ") + ", rowid"
    try database.execute(
      """
      COPY (SELECT \(columns) FROM typed WHERE _partition = \(SQLText.literal(partition)) ORDER BY \(order))
      TO \(SQLText.literal(path)) (FORMAT parquet, COMPRESSION zstd)
      """)
    return path
  }
}
