import MartletCore
import MartletStore

/// The SQL of groups.
///
/// One pass over the found runs counts, and sums each metric's distances from a value near by and their squares. From
/// those the spread follows, except where a group lies far from that value and is narrow: there most digits cancel,
/// and two passes are made. Squares too small to be numbers count as zero.
struct RunGroupStore {
  var found: SQLFragment
  var column: RunColumn
  var connection: any SQLConnection

  private static let within = "BETWEEN -1e150 AND 1e150"
  /// Of the sum of squares so much must be left, or too many digits have cancelled.
  private static let leastLeft = 1e-5

  func groups(metrics: [String]) throws -> RunGroups {
    let origins = try metrics.map { try value(of: $0) ?? 0 }
    var doubtful: Set<String> = []
    var groups = try sums(metrics, origins) { doubtful.insert($0) }
    let isCut = groups.count > RunGroups.most
    groups = Array(groups.prefix(RunGroups.most))
    let places = Dictionary(groups.enumerated().map { ($1.value, $0) }, uniquingKeysWith: { first, _ in first })
    for metric in metrics where doubtful.contains(metric) {
      try forEachDeviation(of: metric, in: groups) { value, deviation in
        if let place = places[value] { groups[place].metrics[metric]?.deviation = deviation }
      }
    }
    return RunGroups(groups: groups, isCut: isCut)
  }

  private var table: String { column.table ?? "params" }

  /// The runs with their value of the column, null where they lack it.
  private var runs: SQLFragment {
    SQLFragment("runs r LEFT JOIN \(table) g ON g.run = r.number AND g.key = ?", [.text(column.key)])
  }

  /// A number of the metric that some found run has.
  private func value(of metric: String) throws -> Double? {
    try connection.first(
      """
      SELECT m.value FROM runs r JOIN latest_metrics m ON m.run = r.number AND m.key = ? AND m.is_nan = 0
        AND m.value \(Self.within) WHERE \(found.sql) LIMIT 1
      """, [.text(metric)] + found.arguments
    ) { try $0.real(0) }
  }

  // MARK: One pass

  private func sums(_ metrics: [String], _ origins: [Double], doubting: (String) -> Void) throws -> [RunGroup] {
    let joins = metrics.indices.map { place in
      """
       LEFT JOIN latest_metrics m\(place) ON m\(place).run = r.number AND m\(place).key = ?
        AND m\(place).is_nan = 0 AND m\(place).value \(Self.within)
      """
    }
    let sums = metrics.indices.map { place in
      let distance = "(m\(place).value - CAST(? AS DOUBLE PRECISION))"
      return """
        , COUNT(m\(place).value), MIN(m\(place).value), MAX(m\(place).value), SUM\(distance),
          SUM(CASE WHEN ABS\(distance) < 1e-150 THEN 0 ELSE \(distance) * \(distance) END)
        """
    }
    let origins = zip(metrics, origins).map { (metric: $0, origin: $1) }
    return try connection.rows(
      """
      SELECT g.value, COUNT(*)\(sums.joined()) FROM \(runs.sql)\(joins.joined()) WHERE \(found.sql)
      GROUP BY g.value ORDER BY COUNT(*) DESC, CASE WHEN g.value IS NULL THEN 1 ELSE 0 END, g.value
      LIMIT \(RunGroups.most + 1)
      """,
      origins.flatMap { Array(repeating: SQLValue.real($0.origin), count: 4) } + runs.arguments
        + metrics.map(SQLValue.text) + found.arguments
    ) { row in
      var group = RunGroup(value: try row.optionalText(0), runs: try row.int(1), metrics: [:])
      for (place, (metric, origin)) in origins.enumerated() {
        guard let spread = try Self.spread(row, from: 2 + 5 * place, origin) else { continue }
        group.metrics[metric] = spread.value
        if spread.isDoubtful { doubting(metric) }
      }
      return group
    }
  }

  private static func spread(_ row: SQLRow, from first: Int, _ origin: Double) throws -> (
    value: MetricSpread, isDoubtful: Bool
  )? {
    let count = try row.int(first)
    guard count > 0 else { return nil }
    let (low, high) = (try row.real(first + 1), try row.real(first + 2))
    let sum = try row.optionalReal(first + 3) ?? 0
    let squares = try row.optionalReal(first + 4) ?? 0
    let left = squares - sum * (sum / Double(count))
    var spread = MetricSpread(count: count, mean: origin + sum / Double(count), deviation: nil, low: low, high: high)
    guard count > 1 else {
      spread.mean = low
      return (spread, false)
    }
    spread.deviation = low == high ? 0 : (max(0, left) / Double(count - 1)).squareRoot()
    return (spread, low != high && left < squares * leastLeft)
  }

  // MARK: Two passes

  /// The means first, then the squares of the distances from them.
  private func forEachDeviation(of metric: String, in groups: [RunGroup], _ body: (String?, Double) -> Void) throws {
    let values = groups.compactMap(\.value)
    let places = Array(repeating: "?", count: max(1, values.count)).joined(separator: ", ")
    let sql = """
      WITH points AS MATERIALIZED (
        SELECT CASE WHEN g.value IS NULL THEN 0 ELSE 1 END AS has, COALESCE(g.value, '') AS grp, m.value AS x
        FROM \(runs.sql) JOIN latest_metrics m ON m.run = r.number AND m.key = ?
        WHERE m.is_nan = 0 AND m.value \(Self.within) AND (g.value IS NULL OR g.value IN (\(places))) AND \(found.sql)
      ), means AS MATERIALIZED (
        SELECT has, grp, COUNT(*) AS n, AVG(x) AS mean FROM points GROUP BY has, grp
      )
      SELECT s.has, s.grp, s.n,
        SUM(CASE WHEN ABS(p.x - s.mean) < 1e-150 THEN 0 ELSE (p.x - s.mean) * (p.x - s.mean) END)
      FROM points p JOIN means s ON s.has = p.has AND s.grp = p.grp GROUP BY s.has, s.grp, s.n
      """
    let keys = runs.arguments + [.text(metric)] + (values.isEmpty ? [""] : values).map(SQLValue.text)
    try connection.forEachRow(sql, keys + found.arguments) { row in
      let count = try row.int(2)
      let squares = try row.optionalReal(3) ?? 0
      if count > 1 {
        body(try row.boolean(0) ? try row.text(1) : nil, (squares / Double(count - 1)).squareRoot())
      }
      return true
    }
  }
}
