import MartletCore
import MartletEngines

/// The one fused scan: for every partition at once, the statistics of all columns and the answers to all checks.
struct PartitionScan {
  struct Row {
    var partition: String
    var statistics: PartitionStatistics
    /// For each check, how many rows fail.
    var failing: [Int64]
    /// How many values of each column are present after the cast.
    var firstTime: Timestamp?
    var lastTime: Timestamp?
  }

  let schema: DataSchema
  let checks: [CompiledCheck]
  let time: String?
  /// Columns whose number of distinct values is charted, and so counted exactly.
  let exactDistinct: Set<String>

  var sql: String {
    var parts = ["\(TypedTable.partitionColumn) AS p", "count(*) AS r"]
    for (index, column) in schema.columns.enumerated() { parts += aggregates(column, index) }
    for (index, check) in checks.enumerated() { parts.append("\(check.aggregate) AS e\(index)") }
    if let time, schema[time]?.type.isTime == true {
      let x = "CAST(\(SQLText.quote(time)) AS TIMESTAMP)"
      parts += ["min(\(x)) AS first_time", "max(\(x)) AS last_time"]
    }
    return "SELECT \(parts.joined(separator: ",\n  "))\nFROM typed GROUP BY p ORDER BY p"
  }

  private func aggregates(_ column: SchemaColumn, _ index: Int) -> [String] {
    let x = SQLText.quote(column.name)
    let distinct = exactDistinct.contains(column.name) ? "count(DISTINCT \(x))" : "approx_count_distinct(\(x))"
    var parts = ["count(\(x)) AS n\(index)", "\(distinct) AS d\(index)"]
    if column.type == .string {
      parts += ["left(min(\(x)), 100) AS a\(index)", "left(max(\(x)), 100) AS z\(index)"]
    } else {
      parts += ["CAST(min(\(x)) AS VARCHAR) AS a\(index)", "CAST(max(\(x)) AS VARCHAR) AS z\(index)"]
    }
    if column.type.isNumeric || column.type == .boolean {
      let number = column.type == .boolean ? "CAST(\(x) AS INTEGER)" : x
      parts += ["avg(\(number)) AS m\(index)", "CAST(stddev_samp(\(number)) AS DOUBLE) AS s\(index)"]
    }
    return parts
  }

  func run(_ database: DuckDB) throws -> [Row] {
    let frame = try database.query(sql)
    let partitions = try frame.texts("p")
    let rowCounts = try frame.numbers("r")
    var rows = zip(partitions, rowCounts).map { name, count in
      Row(
        partition: name ?? "", statistics: PartitionStatistics(rows: Int64(count), columns: []),
        failing: [Int64](repeating: 0, count: checks.count))
    }
    for (index, column) in schema.columns.enumerated() { try read(column, index, frame, into: &rows) }
    for index in checks.indices {
      for (row, count) in try frame.numbers("e\(index)").enumerated() { rows[row].failing[index] = Int64(count) }
    }
    if case .time(let first)? = frame["first_time"], case .time(let last)? = frame["last_time"] {
      for row in rows.indices {
        rows[row].firstTime = first[row].map(Timestamp.init(milliseconds:))
        rows[row].lastTime = last[row].map(Timestamp.init(milliseconds:))
      }
    }
    return rows
  }

  private func read(_ column: SchemaColumn, _ index: Int, _ frame: Frame, into rows: inout [Row]) throws {
    let (present, distinct) = (try frame.numbers("n\(index)"), try frame.numbers("d\(index)"))
    let (low, high) = (try frame.texts("a\(index)"), try frame.texts("z\(index)"))
    let isNumber = frame["m\(index)"] != nil
    let means = isNumber ? try frame.numbers("m\(index)") : []
    let deviations = isNumber ? try frame.numbers("s\(index)") : []
    for row in rows.indices {
      rows[row].statistics.columns.append(
        ColumnStatistics(
          name: column.name, nulls: rows[row].statistics.rows - Int64(present[row]), distinct: Int64(distinct[row]),
          min: written(low[row], column.type), max: written(high[row], column.type),
          mean: isNumber ? means[row].finite : nil, stddev: isNumber ? deviations[row].finite : nil))
    }
  }

  private func written(_ text: String?, _ type: ColumnType) -> String? {
    guard type == .timestamp, let text, let time = Timestamp(text) else { return text }
    return time.description
  }
}
