import MartletCore
import MartletEngines

/// The delivered rows in the contract's types, in the table `typed`, each with its partition; `this` is the same without it.
struct TypedTable {
  static let partitionColumn = "_partition"

  let schema: DataSchema
  /// Contract columns that the delivery lacks; they hold only NULL.
  let missing: [String]
  /// Delivered columns that the contract does not know; they are left out.
  let unknown: [String]
  let partitions: [String]

  static func build(from raw: RawTable, schema: DataSchema, definition: DatasetDefinition, _ database: DuckDB) throws
    -> TypedTable
  {
    let missing = schema.names.filter { raw[$0] == nil }
    let unknown = raw.names.filter { schema[$0] == nil }
    let columns = schema.columns.map { column in
      let name = SQLText.quote(column.name)
      guard let delivered = raw[column.name] else { return "CAST(NULL AS \(column.type.sql)) AS \(name)" }
      return "\(CastRule.sql(name, native: delivered.nativeType, to: column.type)) AS \(name)"
    }
    try database.execute("CREATE TABLE cells AS SELECT \(columns.joined(separator: ",\n")) FROM raw")
    try database.execute(
      "CREATE TABLE typed AS SELECT *, \(try partitionSQL(definition, schema)) AS \(partitionColumn) FROM cells; DROP TABLE cells"
    )
    try database.execute(thisSQL(partition: nil))
    let partitions = try database.query(
      "SELECT DISTINCT \(partitionColumn) AS p FROM typed WHERE \(partitionColumn) IS NOT NULL ORDER BY p"
    ).texts("p").compactMap(\.self)
    return TypedTable(schema: schema, missing: missing, unknown: unknown, partitions: partitions)
  }

  /// What an expectation's SQL sees as `this`.
  static func thisSQL(partition: String?) -> String {
    let condition = partition.map { " WHERE \(partitionColumn) = \(SQLText.literal($0))" } ?? ""
    return "CREATE OR REPLACE VIEW this AS SELECT * EXCLUDE (\(partitionColumn)) FROM typed\(condition)"
  }

  private static func partitionSQL(_ definition: DatasetDefinition, _ schema: DataSchema) throws -> String {
    guard let rule = definition.partition else { return "'all'" }
    let column = try schema.column(rule.column, of: "the partition rule")
    let x = SQLText.quote(column.name)
    switch rule.by {
    case .value: return "CAST(\(x) AS VARCHAR)"
    case .day, .month:
      guard column.type.isTime || column.type == .string else {
        throw MartletError.invalidInput(
          "partition by \(rule.by.rawValue) needs a date or timestamp, and '\(rule.column)' is \(column.type.phrase)",
          fix: "name a date column, or partition by value")
      }
      return "strftime(TRY_CAST(\(x) AS TIMESTAMP), '\(rule.by == .day ? "%Y-%m-%d" : "%Y-%m")')"
    }
  }

  /// Every row must belong to a partition, and to the one that was named, if one was.
  func checkPartitions(named: String?, rule: PartitionRule?, _ raw: RawTable, _ database: DuckDB) throws {
    if let rule, missing.contains(rule.column) {
      throw MartletError.invalidInput(
        "the delivery lacks the column '\(rule.column)' that rows are divided by\(didYouMean(rule.column, among: raw.names))",
        fix: "its columns are: \(raw.names.prefix(40).joined(separator: ", "))")
    }
    let lost = try database.query(
      "SELECT count(*) AS n, min(rowid) AS first FROM typed WHERE \(Self.partitionColumn) IS NULL")
    if let count = try lost.numbers("n").first, count > 0, let rule, let first = try lost.numbers("first").first {
      throw MartletError.invalidInput(
        "\(Int(count)) rows have no usable '\(rule.column)' and belong to no partition",
        fix:
          "the first is on line \(Int(first) + (raw.firstLine ?? 1)): write \(rule.by == .value ? "a value" : "dates such as 2013-04-01")"
      )
    }
    let others = named.map { name in partitions.filter { $0 != name } } ?? []
    if let named, let other = others.first {
      throw MartletError.invalidInput(
        "the delivery for partition \(named) also has rows of \(others.count == 1 ? other : "\(other) and \(others.count - 1) more")",
        fix: "deliver them under their own partitions, or without naming one")
    }
  }
}
