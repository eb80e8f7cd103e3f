import MartletCore
import MartletEngines

/// Learns a contract from a first delivery: types, which columns are always there, small sets of values, bounds.
enum TypeInference {
  /// A column with at most this many different texts in at least `minimumRows` rows is a set of categories.
  static let largestSet = 20
  static let minimumRows: Int64 = 1000

  static func schema(of raw: RawTable, declared: [SchemaColumn], definition: DatasetDefinition, _ database: DuckDB)
    throws
    -> DataSchema
  {
    let unknown = raw.columns.filter { column in !declared.contains { $0.name == column.name } }
    let types = try inferTypes(unknown, database)
    var columns: [SchemaColumn] = []
    for column in raw.columns {
      if let known = declared.first(where: { $0.name == column.name }) {
        columns.append(known)
      } else {
        columns.append(SchemaColumn(column.name, types[column.name] ?? .string, learned: true))
      }
    }
    return DataSchema(columns).overlaid(with: declared)
  }

  /// One scan that counts, for every text column, the values that are not of each type.
  private static func inferTypes(_ columns: [RawTable.Column], _ database: DuckDB) throws -> [String: ColumnType] {
    var types: [String: ColumnType] = [:]
    for column in columns where !column.isText { types[column.name] = type(ofNative: column.nativeType) }
    let texts = columns.filter(\.isText)
    guard !texts.isEmpty else { return types }
    let aggregates = texts.enumerated().map { index, column in
      counts(SQLText.quote(column.name), suffix: String(index))
    }
    let frame = try database.query("SELECT \(aggregates.joined(separator: ",\n")) FROM raw")
    for (index, column) in texts.enumerated() {
      let count = { (name: String) in try frame.numbers("\(name)\(index)").first ?? 0 }
      types[column.name] =
        if try count("n") == 0 { .string } else if try count("b") == 0 { .boolean } else if try count("i") == 0 {
          .integer
        } else if try count("f") == 0 { .float } else if try count("d") == 0 { .date } else if try count("t") == 0 {
          .timestamp
        } else { .string }
    }
    return types
  }

  private static func counts(_ x: String, suffix: String) -> String {
    let failing = { (name: String, fits: String) in "count(\(x)) FILTER (WHERE NOT (\(fits))) AS \(name)\(suffix)" }
    let matches = { (pattern: String) in "regexp_full_match(\(x), \(SQLText.literal(pattern)))" }
    // CASE, not AND: a cast that fails costs much, so only what looks right is cast.
    let casts = { (pattern: String, type: String) in
      "CASE WHEN \(matches(pattern)) THEN TRY_CAST(\(x) AS \(type)) IS NOT NULL ELSE false END"
    }
    return [
      "count(\(x)) AS n\(suffix)",
      failing("b", "lower(\(x)) IN ('true', 'false')"),
      failing("i", matches(CastRule.Pattern.inferredInteger)),
      failing("f", casts(CastRule.Pattern.inferredFloat, "DOUBLE")),
      failing("d", casts(CastRule.Pattern.date, "DATE")),
      failing("t", casts(CastRule.Pattern.timestamp, "TIMESTAMPTZ")),
    ].joined(separator: ", ")
  }

  private static func type(ofNative native: String) -> ColumnType {
    switch native {
    case "BOOLEAN": .boolean
    case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER": .integer
    case "FLOAT", "DOUBLE", "UBIGINT", "HUGEINT", "UHUGEINT": .float
    case "DATE": .date
    case let name where name.hasPrefix("DECIMAL"): .float
    case let name where name.hasPrefix("TIMESTAMP"): .timestamp
    default: .string
    }
  }

  /// Adds what the typed rows show to the learned columns: required, bounds, small sets.
  static func describe(_ schema: DataSchema, rows: Int64, _ database: DuckDB) throws -> DataSchema {
    guard rows > 0, !schema.columns.isEmpty else { return schema }
    let aggregates = schema.columns.enumerated().map { index, column in
      let x = SQLText.quote(column.name)
      let bounds = column.type.isNumeric ? "min(\(x)), max(\(x))" : "NULL, NULL"
      let parts = bounds.split(separator: ", ")
      return """
        count(\(x)) AS n\(index), CAST(\(parts[0]) AS DOUBLE) AS a\(index), CAST(\(parts[1]) AS DOUBLE) AS z\(index),
        approx_count_distinct(\(x)) AS d\(index)
        """
    }
    let frame = try database.query("SELECT \(aggregates.joined(separator: ",\n")) FROM typed")
    var columns = schema.columns
    for index in columns.indices where columns[index].learned {
      let count = { (name: String) in try frame.numbers("\(name)\(index)").first ?? .nan }
      columns[index].required = try count("n") == Double(rows)
      columns[index].min = try count("a").finite
      columns[index].max = try count("z").finite
      if columns[index].type == .string, rows >= minimumRows, try count("d") <= Double(largestSet + 5) {
        columns[index].allowed = try smallSet(columns[index].name, database)
      }
    }
    return DataSchema(columns)
  }

  private static func smallSet(_ column: String, _ database: DuckDB) throws -> [String]? {
    let x = SQLText.quote(column)
    let values = try database.query(
      "SELECT DISTINCT \(x) AS v FROM typed WHERE \(x) IS NOT NULL ORDER BY v LIMIT \(largestSet + 1)"
    ).texts("v").compactMap(\.self)
    return values.isEmpty || values.count > largestSet ? nil : values
  }
}

extension Double {
  /// Nil for NaN and infinities.
  var finite: Double? { isFinite ? self : nil }
}
