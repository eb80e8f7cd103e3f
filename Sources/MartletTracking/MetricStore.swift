import MartletCore
import MartletStore

/// The SQL of metric points: the hot path of tracking.
enum MetricStore {
  private static let pointColumns = [
    TypedColumn("run", "bigint"), TypedColumn("key", "text"), TypedColumn("timestamp", "bigint"),
    TypedColumn("step", "bigint"), TypedColumn("value", "float8"), TypedColumn("is_nan", "bigint"),
  ]

  /// Adds points to a run's series and moves the latest values on. A point that exists already changes nothing.
  static func append(_ metrics: [Metric], to run: Int64, in connection: any SQLConnection) throws {
    guard !metrics.isEmpty else { return }
    _ = try connection.insertNew(
      "metrics", pointColumns,
      metrics.map { metric in
        [
          .integer(run), .text(metric.key), .integer(metric.timestamp), .integer(metric.step),
          .real(storedValue(metric)), SQLValue(metric.value.isNaN),
        ]
      })
    for metric in latest(of: metrics) { try advance(metric, of: run, in: connection) }
  }

  /// NaN has no place among SQL's numbers: it is stored as 0 beside `is_nan`. -0 is stored as 0, so that one point
  /// has one key.
  private static func storedValue(_ metric: Metric) -> Double {
    metric.value.isNaN || metric.value == 0 ? 0 : metric.value
  }

  private static func latest(of metrics: [Metric]) -> [Metric] {
    var latest: [String: Metric] = [:]
    for metric in metrics {
      guard let known = latest[metric.key] else {
        latest[metric.key] = metric
        continue
      }
      let isLater =
        (metric.step, metric.timestamp, storedValue(metric)) > (known.step, known.timestamp, storedValue(known))
      if isLater { latest[metric.key] = metric }
    }
    return Array(latest.values)
  }

  private static func advance(_ metric: Metric, of run: Int64, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO latest_metrics (run, key, value, is_nan, step, timestamp) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (run, key) DO UPDATE SET value = excluded.value, is_nan = excluded.is_nan, step = excluded.step,
        timestamp = excluded.timestamp
      WHERE (excluded.step, excluded.timestamp, excluded.value)
        > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)
      """,
      [
        .integer(run), .text(metric.key), .real(storedValue(metric)), SQLValue(metric.value.isNaN),
        .integer(metric.step), .integer(metric.timestamp),
      ])
  }

  static func forEachLatest(
    of runs: [Int64], in connection: any SQLConnection, _ body: (Int64, Metric) -> Void
  ) throws {
    let sql = """
      SELECT run, key, value, is_nan, timestamp, step FROM latest_metrics WHERE run IN (@) ORDER BY run, key
      """
    try connection.forEachRow(sql, keys: runs) { row in body(try row.integer(0), try read(row, from: 1)) }
  }

  /// A series in order of (timestamp, step, value).
  static func history(
    of run: Int64, key: String, limit: Int?, offset: Int, in connection: any SQLConnection
  ) throws -> [Metric] {
    try connection.rows(
      """
      SELECT key, value, is_nan, timestamp, step FROM metrics WHERE run = ? AND key = ?
      ORDER BY run, key, timestamp, step, value, is_nan LIMIT ? OFFSET ?
      """, [.integer(run), .text(key), SQLValue(limit ?? Int(Int32.max)), SQLValue(offset)]
    ) { try read($0, from: 0) }
  }

  /// The points of a series between two steps, both included, in order of (step, timestamp, value).
  static func points(
    of run: Int64, key: String, steps: ClosedRange<Int64>?, in connection: any SQLConnection
  ) throws -> [Metric] {
    let bounds = steps ?? Int64.min...Int64.max
    return try connection.rows(
      """
      SELECT key, value, is_nan, timestamp, step FROM metrics WHERE run = ? AND key = ? AND step BETWEEN ? AND ?
      ORDER BY step, timestamp, value
      """, [.integer(run), .text(key), .integer(bounds.lowerBound), .integer(bounds.upperBound)]
    ) { try read($0, from: 0) }
  }

  private static func read(_ row: SQLRow, from first: Int) throws -> Metric {
    Metric(
      key: try row.text(first), value: try row.boolean(first + 2) ? .nan : try row.real(first + 1),
      timestamp: try row.integer(first + 3), step: try row.integer(first + 4))
  }
}
