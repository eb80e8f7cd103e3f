import MartletCore
import MartletEngines
package import MartletJobs

/// What `data.profile` is given.
struct ProfileArguments: Sendable, Codable {
  var snapshot: DatasetSnapshot
  var root: String
}

/// Profiles a version: one scan for all columns, one more for histograms and outliers, one short query a category.
package enum ProfileJob {
  package static let handler = JobHandler("data.profile") { (arguments: ProfileArguments, context: JobContext) in
    let database = try DuckDB.open(
      engines: EngineFolder(context.engines), allowedDirectories: [arguments.root], memoryLimitMB: 2048, threads: 2,
      spillDirectory: context.scratch)
    try database.execute("CREATE VIEW rows AS \(arguments.snapshot.sql())")
    return try profile(arguments.snapshot.schema, database) { context.progress($0, $1) }
  }

  private static let bins = 20
  private static let mostTop = 15

  static func profile(_ schema: DataSchema, _ database: DuckDB, _ progress: (Double, String) -> Void) throws
    -> DataProfile
  {
    var columns = try scan(schema, database)
    progress(0.5, "measured \(columns.count) columns")
    let rows = Int64(try database.query("SELECT count(*) AS n FROM rows").numbers("n").first ?? 0)
    try addHistograms(&columns, database)
    progress(0.8, "histograms")
    for index in columns.indices
    where columns[index].type == .string || columns[index].type == .boolean || columns[index].distinct <= 30 {
      columns[index].top = try top(columns[index].name, database)
    }
    return DataProfile(rows: rows, columns: columns)
  }

  private static func scan(_ schema: DataSchema, _ database: DuckDB) throws -> [DataProfile.Column] {
    let aggregates = schema.columns.enumerated().flatMap { index, column in
      let x = SQLText.quote(column.name)
      var parts = [
        "count(*) - count(\(x)) AS n\(index)", "approx_count_distinct(\(x)) AS d\(index)",
        "left(CAST(min(\(x)) AS VARCHAR), 100) AS a\(index)", "left(CAST(max(\(x)) AS VARCHAR), 100) AS z\(index)",
      ]
      if column.type.isNumeric {
        parts += ["avg(\(x)) AS m\(index)", "CAST(stddev_samp(\(x)) AS DOUBLE) AS s\(index)"]
        parts += [0.25, 0.5, 0.75].enumerated().map {
          "approx_quantile(CAST(\(x) AS DOUBLE), \($1)) AS q\(index)_\($0)"
        }
      }
      return parts
    }
    let frame = try database.query("SELECT \(aggregates.joined(separator: ",\n")) FROM rows")
    return try schema.columns.enumerated().map { index, column in
      let number = { (name: String) in try frame.numbers(name).first ?? .nan }
      let text = { (name: String) in try frame.texts(name).first ?? nil }
      var profile = DataProfile.Column(
        name: column.name, type: column.type, nulls: Int64(try number("n\(index)")),
        distinct: Int64(try number("d\(index)")),
        min: try text("a\(index)"), max: try text("z\(index)"))
      guard column.type.isNumeric, let low = profile.min.flatMap(Double.init),
        let high = profile.max.flatMap(Double.init)
      else {
        return profile
      }
      profile.mean = try number("m\(index)").finite
      profile.stddev = try number("s\(index)").finite
      profile.quantiles = try [low] + (0..<3).map { try number("q\(index)_\($0)") } + [high]
      return profile
    }
  }

  /// All histograms and outlier counts in one scan, over the bounds that the first scan found.
  private static func addHistograms(_ columns: inout [DataProfile.Column], _ database: DuckDB) throws {
    var aggregates: [String] = []
    for (index, column) in columns.enumerated() {
      guard let q = column.quantiles, q.allSatisfy(\.isFinite) else { continue }
      let x = SQLText.quote(column.name)
      let reach = 1.5 * (q[3] - q[1])
      aggregates.append("count(*) FILTER (WHERE \(x) < \(q[1] - reach) OR \(x) > \(q[3] + reach)) AS o\(index)")
      let edges = edges(q[0], q[4])
      for bin in 0..<(edges.count - 1) {
        let isLast = bin == edges.count - 2
        aggregates.append(
          "count(*) FILTER (WHERE \(x) >= \(edges[bin]) AND \(x) \(isLast ? "<=" : "<") \(edges[bin + 1])) AS h\(index)_\(bin)"
        )
      }
    }
    guard !aggregates.isEmpty else { return }
    let frame = try database.query("SELECT \(aggregates.joined(separator: ",\n")) FROM rows")
    for index in columns.indices {
      guard let q = columns[index].quantiles, frame["o\(index)"] != nil else { continue }
      columns[index].outliers = Int64(try frame.numbers("o\(index)").first ?? 0)
      let edges = edges(q[0], q[4])
      columns[index].histogram = try (0..<(edges.count - 1)).map { bin in
        DataProfile.Bin(
          from: edges[bin], to: edges[bin + 1], count: Int64(try frame.numbers("h\(index)_\(bin)").first ?? 0))
      }
    }
  }

  private static func edges(_ low: Double, _ high: Double) -> [Double] {
    guard high > low else { return [low, low] }
    return (0...bins).map { $0 == bins ? high : low + (high - low) * Double($0) / Double(bins) }
  }

  private static func top(_ column: String, _ database: DuckDB) throws -> [DataProfile.Value] {
    let x = SQLText.quote(column)
    let frame = try database.query(
      """
      SELECT left(CAST(\(x) AS VARCHAR), 100) AS v, count(*) AS n FROM rows WHERE \(x) IS NOT NULL
      GROUP BY \(x) ORDER BY n DESC, v LIMIT \(mostTop)
      """)
    return try zip(frame.texts("v"), frame.numbers("n")).map { DataProfile.Value(value: $0 ?? "", count: Int64($1)) }
  }
}
