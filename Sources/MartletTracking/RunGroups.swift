package import MartletCore
import MartletStore

/// How the values of one metric lie in a group of runs.
package struct MetricSpread: Sendable, Hashable {
  /// Runs with a number; those with NaN, an infinity or a number beyond ±1e150 are left out.
  package var count: Int
  package var mean: Double
  /// Of the sample, dividing by count − 1; nil for a single run.
  package var deviation: Double?
  package var low: Double
  package var high: Double
}

/// The runs that have one value of a parameter or tag.
package struct RunGroup: Sendable, Hashable {
  /// Nil for the runs that lack it.
  package var value: String?
  package var runs: Int
  /// By metric.
  package var metrics: [String: MetricSpread]
}

/// The largest groups of a search's runs.
package struct RunGroups: Sendable, Hashable {
  package var groups: [RunGroup]
  /// There are more groups than these.
  package var isCut: Bool

  package static let most = 200
  package static let mostMetrics = 10
}

extension ExperimentTracker {
  /// The runs that a filter finds, grouped by a parameter or a tag, the largest groups first.
  ///
  /// - Parameter metrics: at most 10, of which mean and spread are wanted.
  package func groupRuns(
    experiments: [ExperimentID], filter: String? = nil, by column: RunColumn, metrics: [String]
  ) async throws -> RunGroups {
    guard column.kind == .param || column.kind == .tag else {
      throw MartletError.invalidInput(
        "runs are grouped by a parameter or a tag, not by \(column.reference ?? column.key)",
        fix: "write it as params.seed or tags.team")
    }
    guard metrics.count <= RunGroups.mostMetrics else {
      throw MartletError.invalidInput(
        "\(metrics.count) metrics are too many for one table of groups", fix: "choose \(RunGroups.mostMetrics)")
    }
    let clauses = try RunSearch.grammar.parse(filter)
    let numbers = try experiments.map(ExperimentStore.number)
    return try await database.read { connection in
      let search = RunGroupStore(
        found: RunSearch.condition(clauses, experiments: numbers, view: .active, in: connection.dialect),
        column: column, connection: connection)
      return try search.groups(metrics: metrics)
    }
  }
}

/// The SQL of groups. Runs without the column are a group of their own, told apart by `has`.
struct RunGroupStore {
  var found: SQLFragment
  var column: RunColumn
  var connection: any SQLConnection

  func groups(metrics: [String]) throws -> RunGroups {
    var groups = try counts()
    let isCut = groups.count > RunGroups.most
    groups = Array(groups.prefix(RunGroups.most))
    guard !metrics.isEmpty, !groups.isEmpty else { return RunGroups(groups: groups, isCut: isCut) }
    let places = Dictionary(groups.enumerated().map { ($1.value, $0) }, uniquingKeysWith: { first, _ in first })
    try forEachSpread(of: metrics, in: groups) { value, metric, spread in
      if let place = places[value] { groups[place].metrics[metric] = spread }
    }
    return RunGroups(groups: groups, isCut: isCut)
  }

  /// `found (run, has, grp)`
  private var common: SQLFragment {
    SQLFragment(
      """
      WITH found AS (
        SELECT r.number AS run, CASE WHEN g.value IS NULL THEN 0 ELSE 1 END AS has, COALESCE(g.value, '') AS grp
        FROM runs r LEFT JOIN \(column.table ?? "params") g ON g.run = r.number AND g.key = ? WHERE \(found.sql)
      )
      """, [.text(column.key)] + found.arguments)
  }

  private func counts() throws -> [RunGroup] {
    try connection.rows(
      """
      \(common.sql) SELECT has, grp, COUNT(*) FROM found GROUP BY has, grp
      ORDER BY COUNT(*) DESC, has DESC, grp LIMIT \(RunGroups.most + 1)
      """, common.arguments
    ) { row in
      RunGroup(value: try row.boolean(0) ? try row.text(1) : nil, runs: try row.int(2), metrics: [:])
    }
  }

  /// In two passes over one set of points: the means, then the squares of the distances from them, so that a small
  /// spread around a large mean is not lost. Squares too small to be numbers count as zero.
  private func forEachSpread(
    of metrics: [String], in groups: [RunGroup], _ body: (String?, String, MetricSpread) -> Void
  ) throws {
    let values = groups.map { $0.value ?? "" }
    let sql = """
      \(common.sql), points AS MATERIALIZED (
        SELECT f.has AS has, f.grp AS grp, m.key AS key, m.value AS x FROM found f
        JOIN latest_metrics m ON m.run = f.run AND m.key IN (\(Self.places(metrics.count)))
        WHERE m.is_nan = 0 AND m.value BETWEEN -1e150 AND 1e150 AND f.grp IN (\(Self.places(values.count)))
      ), means AS MATERIALIZED (
        SELECT has, grp, key, COUNT(*) AS n, AVG(x) AS mean, MIN(x) AS low, MAX(x) AS high FROM points
        GROUP BY has, grp, key
      )
      SELECT s.has, s.grp, s.key, s.n, s.mean, s.low, s.high,
        SUM(CASE WHEN ABS(p.x - s.mean) < 1e-150 THEN 0 ELSE (p.x - s.mean) * (p.x - s.mean) END)
      FROM points p JOIN means s ON s.has = p.has AND s.grp = p.grp AND s.key = p.key
      GROUP BY s.has, s.grp, s.key, s.n, s.mean, s.low, s.high
      """
    let arguments = common.arguments + metrics.map(SQLValue.text) + values.map(SQLValue.text)
    try connection.forEachRow(sql, arguments) { row in
      let count = try row.int(3)
      let squares = try row.optionalReal(7) ?? 0
      body(
        try row.boolean(0) ? try row.text(1) : nil, try row.text(2),
        MetricSpread(
          count: count, mean: try row.real(4),
          deviation: count > 1 ? (squares / Double(count - 1)).squareRoot() : nil, low: try row.real(5),
          high: try row.real(6)))
      return true
    }
  }

  private static func places(_ count: Int) -> String { Array(repeating: "?", count: count).joined(separator: ", ") }
}
