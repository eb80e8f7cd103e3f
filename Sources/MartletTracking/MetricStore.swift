import MartletCore
import MartletStore

/// The SQL of metric points: the hot path of tracking.
enum MetricStore {
  static let pointColumns = [
    TypedColumn("run", "bigint"), TypedColumn("key", "text"), TypedColumn("timestamp", "bigint"),
    TypedColumn("step", "bigint"), TypedColumn("value", "float8"), TypedColumn("is_nan", "bigint"),
  ]
  static let addPoints = BulkInsert(into: "metrics", pointColumns, onConflict: "DO NOTHING")
  static let moveLatest = BulkInsert(
    into: "latest_metrics", pointColumns + [TypedColumn("experiment", "bigint")],
    onConflict: """
      (run, key) DO UPDATE SET value = excluded.value, is_nan = excluded.is_nan, step = excluded.step,
        timestamp = excluded.timestamp
      WHERE (excluded.step, excluded.timestamp, excluded.value)
        > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)
      """)

  /// Adds points to a run's series and moves the latest values on. A point that exists already changes nothing.
  static func append(_ metrics: [Metric], to row: RunStore.Row, in connection: any SQLConnection) throws {
    guard !metrics.isEmpty else { return }
    try addPoints.run(metrics.count, in: connection) { value(of: metrics[$0], in: row.number, column: $1) }
    let latest = latest(of: metrics)
    let experiment = SQLValue.integer(try ExperimentStore.number(of: row.info.experiment))
    try moveLatest.run(latest.count, in: connection) {
      $1 == pointColumns.count ? experiment : value(of: latest[$0], in: row.number, column: $1)
    }
  }

  /// A point's value for one of `pointColumns`.
  private static func value(of metric: Metric, in run: Int64, column: Int) -> SQLValue {
    switch column {
    case 0: .integer(run)
    case 1: .text(metric.key)
    case 2: .integer(metric.timestamp)
    case 3: .integer(metric.step)
    case 4: .real(storedValue(metric))
    default: SQLValue(metric.value.isNaN)
    }
  }

  /// NaN has no place among SQL's numbers: it is stored as 0 beside `is_nan`. -0 is stored as 0, so that one point
  /// has one key.
  static func storedValue(_ value: Double) -> Double { value.isNaN || value == 0 ? 0 : value }

  static func storedValue(_ metric: Metric) -> Double { storedValue(metric.value) }

  /// The last point of each series among these, in order of key, so that concurrent batches lock rows in one order.
  private static func latest(of metrics: [Metric]) -> [Metric] {
    guard metrics.count > 1 else { return metrics }
    var latest: [String: Int] = [:]
    for (index, metric) in metrics.enumerated() {
      guard let place = latest[metric.key] else {
        latest[metric.key] = index
        continue
      }
      let known = metrics[place]
      let isLater =
        (metric.step, metric.timestamp, storedValue(metric)) > (known.step, known.timestamp, storedValue(known))
      if isLater { latest[metric.key] = index }
    }
    return latest.values.map { metrics[$0] }.sorted { $0.key < $1.key }
  }

  private static let latestOfRuns = KeyedQuery(
    "SELECT run, key, value, is_nan, timestamp, step FROM latest_metrics WHERE run IN (@) ORDER BY run, key")

  static func forEachLatest(
    of runs: [Int64], in connection: any SQLConnection, _ body: (Int64, Metric) -> Void
  ) throws {
    try latestOfRuns.forEachRow(of: runs, in: connection) { row in
      body(try row.integer(0), try read(row, from: 2, key: try row.text(1)))
    }
  }

  /// The part of a series that follows a place and so many points, in order of (timestamp, step, value).
  static func history(
    of run: Int64, key: String, after place: MetricPlace?, skipping offset: Int = 0, limit: Int?,
    in connection: any SQLConnection
  ) throws -> [MetricPoint] {
    var points: [MetricPoint] = []
    try connection.forEachRow(
      """
      SELECT value, is_nan, timestamp, step FROM metrics WHERE run = ? AND key = ?
      \(place == nil ? "" : "AND (timestamp, step, value, is_nan) > (?, ?, ?, ?)")
      ORDER BY run, key, timestamp, step, value, is_nan LIMIT ? OFFSET ?
      """,
      [.integer(run), .text(key)] + (place?.arguments ?? []) + [SQLValue(limit ?? Int(Int32.max)), SQLValue(offset)]
    ) { row in
      points.append(
        MetricPoint(
          value: try row.boolean(1) ? .nan : try row.real(0), timestamp: try row.integer(2), step: try row.integer(3)))
      return true
    }
    return points
  }

  /// The points of a series between two steps, both included, in order of (step, timestamp, value).
  static func points(
    of run: Int64, key: String, steps: ClosedRange<Int64>?, in connection: any SQLConnection
  ) throws -> [Metric] {
    let bounds = steps ?? Int64.min...Int64.max
    return try connection.rows(
      """
      SELECT value, is_nan, timestamp, step FROM metrics WHERE run = ? AND key = ? AND step BETWEEN ? AND ?
      ORDER BY step, timestamp, value
      """, [.integer(run), .text(key), .integer(bounds.lowerBound), .integer(bounds.upperBound)]
    ) { try read($0, from: 0, key: key) }
  }

  private static func read(_ row: SQLRow, from first: Int, key: String) throws -> Metric {
    Metric(
      key: key, value: try row.boolean(first + 1) ? .nan : try row.real(first),
      timestamp: try row.integer(first + 2), step: try row.integer(first + 3))
  }
}
