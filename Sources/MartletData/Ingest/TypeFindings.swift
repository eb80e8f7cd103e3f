import MartletCore
import MartletEngines

/// Findings about the shape of a delivery: columns gone or new, values that are not of the contract's type.
enum TypeFindings {
  /// Columns gone stop every partition; new ones are left out with a warning.
  static func columns(_ typed: TypedTable, _ raw: RawTable) -> [Finding] {
    typed.partitions.flatMap { partition in
      typed.missing.map { name in
        Finding(
          check: "column(\(name))", kind: .schema, severity: .error, partition: partition, column: name,
          message: "the column '\(name)' is gone\(didYouMean(name, among: typed.unknown))", expected: .string(name))
      }
        + typed.unknown.map { name in
          Finding(
            check: "column(\(name))", kind: .schema, severity: .warn, partition: partition, column: name,
            message: "the column '\(name)' is new; it is not in the contract and is left out", observed: .string(name))
        }
    }
  }

  /// Values that could not be cast, with the rows as they were delivered.
  static func types(_ typed: TypedTable, _ raw: RawTable, _ database: DuckDB) throws -> [Finding] {
    let columns = typed.schema.columns.filter { raw[$0.name] != nil && $0.type != .string }
    guard !columns.isEmpty else { return [] }
    let counts = { (table: String, alias: String) in
      columns.enumerated().map { "count(\(SQLText.quote($1.name))) AS \(alias)\($0)" }.joined(separator: ", ")
        + " FROM \(table)"
    }
    let before = try database.query("SELECT \(counts("raw", "c"))")
    let after = try database.query("SELECT \(counts("typed", "c"))")
    return try columns.enumerated().flatMap { index, column in
      let lost = try (before.numbers("c\(index)").first ?? 0) - (after.numbers("c\(index)").first ?? 0)
      return lost > 0 ? try failing(column, raw, database) : []
    }
  }

  private static func failing(_ column: SchemaColumn, _ raw: RawTable, _ database: DuckDB) throws -> [Finding] {
    let x = SQLText.quote(column.name)
    let from = "FROM raw JOIN typed ON raw.rowid = typed.rowid WHERE raw.\(x) IS NOT NULL AND typed.\(x) IS NULL"
    let counts = try database.query(
      "SELECT typed._partition AS p, count(*) AS n, min(raw.rowid) AS first \(from) GROUP BY p ORDER BY p")
    let (partitions, numbers, firsts) = (try counts.texts("p"), try counts.numbers("n"), try counts.numbers("first"))
    return try partitions.indices.map { index in
      let place = raw.firstLine.map { "line \(Int(firsts[index]) + $0)" } ?? "row \(Int(firsts[index]) + 1)"
      var finding = Finding(
        check: "type(\(column.name))", kind: .schema, severity: .error, partition: partitions[index],
        column: column.name,
        message:
          "\(Int(numbers[index])) values in '\(column.name)' are not \(column.type.phrase), the first on \(place)",
        expected: .string(column.type.rawValue), failing: Int64(numbers[index]))
      finding.failingRows = try RowSamples.rows(
        "SELECT raw.\(raw.position), raw.* \(from) AND typed._partition = \(SQLText.literal(partitions[index] ?? ""))",
        database)
      return finding
    }
  }
}
