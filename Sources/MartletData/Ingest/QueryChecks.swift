import MartletCore
import MartletEngines

/// The expectations that need a query of their own: SQL, foreign keys, freshness; and row counts, which need none.
struct QueryChecks {
  let definition: DatasetDefinition
  let schema: DataSchema
  /// The Parquet files of the datasets that foreign keys point to.
  let references: [String: [String]]
  let eventTime: Timestamp
  let database: DuckDB

  func findings(_ rows: [PartitionScan.Row]) throws -> [Finding] {
    try definition.expect.flatMap { expectation -> [Finding] in
      switch expectation.check {
      case .rows(let min, let max): return rows.compactMap { rowCount($0, expectation, min, max) }
      case .freshness(let age): return freshness(rows, expectation, age.duration)
      case .foreignKey(let column, let dataset, let references):
        return try foreignKey(expectation, column, dataset, references)
      case .failingRows(let sql, let max): return try failingRows(expectation, try single(sql, expectation), max, rows)
      case .scalar(let sql, let value): return try scalar(expectation, try single(sql, expectation), value, rows)
      case .nullRate, .range, .set, .unique, .regex: return []
      }
    }
  }

  private func rowCount(_ row: PartitionScan.Row, _ expectation: Expectation, _ min: Int64?, _ max: Int64?) -> Finding?
  {
    let count = row.statistics.rows
    let problem =
      if let min, count < min { "fewer than \(min)" } else if let max, count > max { "more than \(max)" } else { "" }
    guard !problem.isEmpty else { return nil }
    return Finding(
      check: expectation.title, kind: .expectation, severity: expectation.severity, partition: row.partition,
      message: "\(count) rows, \(problem)", observed: .integer(count),
      expected: .object(["min": min.map(JSON.integer) ?? .null, "max": max.map(JSON.integer) ?? .null]))
  }

  /// Judged for the newest partition only: older ones in the same delivery are history.
  private func freshness(_ rows: [PartitionScan.Row], _ expectation: Expectation, _ age: Duration) -> [Finding] {
    guard let newest = rows.filter({ $0.lastTime != nil }).max(by: { $0.partition < $1.partition }),
      let last = newest.lastTime, eventTime - last > age
    else { return [] }
    return [
      Finding(
        check: expectation.title, kind: .expectation, severity: expectation.severity, partition: newest.partition,
        column: definition.time, message: "the newest row is of \(last), older than \(age.written) at \(eventTime)",
        observed: .string(last.description), expected: .string(age.written))
    ]
  }

  private func foreignKey(_ expectation: Expectation, _ column: String, _ dataset: DatasetName, _ other: String) throws
    -> [Finding]
  {
    guard let files = references[dataset.text], !files.isEmpty else {
      throw MartletError(
        .conflict, "'\(expectation.title)' needs the dataset \(dataset), which has no data yet",
        fix: "deliver \(dataset) first")
    }
    let x = SQLText.quote(try schema.column(column, of: expectation.title).name)
    let fails = """
      \(x) IS NOT NULL AND CAST(\(x) AS VARCHAR) NOT IN (SELECT CAST(\(SQLText.quote(other)) AS VARCHAR)
        FROM read_parquet(\(SQLText.list(files))) WHERE \(SQLText.quote(other)) IS NOT NULL)
      """
    let counts = try database.query(
      "SELECT _partition AS p, count(*) AS n FROM typed WHERE \(fails) GROUP BY p ORDER BY p")
    return try zip(counts.texts("p"), counts.numbers("n")).map { partition, count in
      var finding = Finding(
        check: expectation.title, kind: .expectation, severity: expectation.severity, partition: partition,
        column: column,
        message: "\(Int(count)) rows have a value in '\(column)' that \(dataset).\(other) does not have",
        expected: .string("\(dataset).\(other)"), failing: Int64(count))
      finding.failingRows = try RowSamples.rows(
        "SELECT * EXCLUDE (_partition) FROM typed WHERE _partition = \(SQLText.literal(partition ?? "")) AND (\(fails))",
        database)
      return finding
    }
  }

  private func failingRows(_ expectation: Expectation, _ sql: String, _ max: Int64, _ rows: [PartitionScan.Row]) throws
    -> [Finding]
  {
    let count = { try database.query("SELECT count(*) AS n FROM (\(sql)\n) AS failing").numbers("n").first ?? 0 }
    try database.execute(TypedTable.thisSQL(partition: nil))
    if rows.count > 1, try count() == 0 { return [] }
    return try eachPartition(rows) { row in
      let failing = Int64(try count())
      guard failing > max else { return nil }
      var finding = Finding(
        check: expectation.title, kind: .expectation, severity: expectation.severity, partition: row.partition,
        message: "the query returns \(failing) failing rows\(max > 0 ? ", more than \(max)" : "")",
        observed: .integer(failing), expected: .integer(max), failing: failing)
      finding.failingRows = try RowSamples.rows(sql, database)
      return finding
    }
  }

  private func scalar(_ expectation: Expectation, _ sql: String, _ value: JSON, _ rows: [PartitionScan.Row]) throws
    -> [Finding]
  {
    try eachPartition(rows) { row in
      let frame = try database.query(sql)
      guard frame.rowCount == 1, let column = frame.columns.first else {
        throw MartletError.invalidInput(
          "the query of '\(expectation.title)' returns \(frame.rowCount) rows where one value is needed",
          fix: "return one value, or use max_rows for a query that returns failing rows")
      }
      let text = try frame.texts(column.name)[0]
      if let expected = value.double, let observed = text.flatMap(Double.init), expected == observed { return nil }
      if value.string != nil, text == value.string { return nil }
      if value.boolean != nil, text == value.text { return nil }
      if value.isNull, text == nil { return nil }
      return Finding(
        check: expectation.title, kind: .expectation, severity: expectation.severity, partition: row.partition,
        message: "the query gives \(text ?? "nothing") where \(value.string ?? value.text) is expected",
        observed: text.map(JSON.string) ?? .null, expected: value)
    }
  }

  private func eachPartition(_ rows: [PartitionScan.Row], _ body: (PartitionScan.Row) throws -> Finding?) throws
    -> [Finding]
  {
    defer { try? database.execute(TypedTable.thisSQL(partition: nil)) }
    return try rows.compactMap { row in
      try database.execute(TypedTable.thisSQL(partition: row.partition))
      return try body(row)
    }
  }

  private func single(_ sql: String, _ expectation: Expectation) throws -> String {
    try OneQuery.text(of: sql, in: "expectation '\(expectation.title)'", database)
  }
}
