import MartletCore
import MartletStore

/// The SQL of curves.
///
/// Points lie in the order (timestamp, step, value) of their primary key. A part is a stretch of that order: where
/// it ends is found by skipping, what it holds by one aggregate, so nothing is sorted and nothing large is read.
struct MetricCurveStore {
  var run: Int64
  var key: String
  var steps: ClosedRange<Int64>?
  var connection: any SQLConnection

  private static let order = "ORDER BY run, key, timestamp, step, value, is_nan"

  func curve(parts: Int) throws -> MetricCurve {
    let most = max(1, parts)
    let few = most * MetricCurve.pointsForAPart
    let single = try points(limit: few + 1)
    let found = single.count <= few ? single : try stretches(most)
    return MetricCurve(key: key, parts: found.sorted { ($0.firstStep, $0.time) < ($1.firstStep, $1.time) })
  }

  /// A place in the order of the series.
  private struct Place {
    var time: Int64
    var step: Int64
    var arguments: [SQLValue] { [.integer(time), .integer(step)] }
  }

  private var window: SQLFragment {
    guard let steps else { return SQLFragment("run = ? AND key = ?", [.integer(run), .text(key)]) }
    return SQLFragment(
      "run = ? AND key = ? AND step BETWEEN ? AND ?",
      [.integer(run), .text(key), .integer(steps.lowerBound), .integer(steps.upperBound)])
  }

  private func points(limit: Int) throws -> [MetricCurve.Part] {
    try connection.rows(
      "SELECT step, timestamp, value, is_nan FROM metrics WHERE \(window.sql) \(Self.order) LIMIT ?",
      window.arguments + [SQLValue(limit)]
    ) { row in
      let step = try row.integer(0)
      let value: Double? = try row.boolean(3) ? nil : try row.real(2)
      return MetricCurve.Part(
        firstStep: step, lastStep: step, time: try row.integer(1), count: 1, missing: value == nil ? 1 : 0,
        low: value, mean: value, high: value)
    }
  }

  private func stretches(_ most: Int) throws -> [MetricCurve.Part] {
    let total =
      try connection.first("SELECT COUNT(*) FROM metrics WHERE \(window.sql)", window.arguments) { try $0.int(0) } ?? 0
    let size = (total + most - 1) / most
    var parts: [MetricCurve.Part] = []
    var start = try steps == nil ? nil : beforeFirst()
    while parts.count <= most {
      let end = try place(after: start, skipping: size - 1)
      if let part = try part(after: start, through: end) { parts.append(part) }
      guard let end else { break }
      start = end
    }
    return parts
  }

  /// Just before the first point of the window, so that what lies before it is passed once only.
  private func beforeFirst() throws -> Place? {
    guard let first = try place(after: nil, skipping: 0), first.step > .min else { return nil }
    return Place(time: first.time, step: first.step - 1)
  }

  private func place(after start: Place?, skipping count: Int) throws -> Place? {
    let after = start == nil ? "" : " AND (timestamp, step) > (?, ?)"
    return try connection.first(
      "SELECT timestamp, step FROM metrics WHERE \(window.sql)\(after) \(Self.order) LIMIT 1 OFFSET ?",
      window.arguments + (start?.arguments ?? []) + [SQLValue(count)]
    ) { Place(time: try $0.integer(0), step: try $0.integer(1)) }
  }

  /// A stretch that holds nothing but ordinary numbers, as nearly all do, is put together without looking at each
  /// point's kind, which takes a third less time. PostgreSQL must look: a sum that is too large is an error there.
  private func part(after start: Place?, through end: Place?) throws -> MetricCurve.Part? {
    if connection.dialect == .sqlite {
      let plain = try aggregate("MIN(value), MAX(value), AVG(value)", after: start, through: end)
      guard let plain, plain.missing > 0 || !Self.isOrdinary(plain.low) || !Self.isOrdinary(plain.high) else {
        return plain
      }
    }
    return try aggregate(
      """
      MIN(CASE WHEN is_nan = 0 THEN value END), MAX(CASE WHEN is_nan = 0 THEN value END),
        AVG(CASE WHEN is_nan = 0 AND value BETWEEN -1e300 AND 1e300 THEN value END)
      """, after: start, through: end)
  }

  private static func isOrdinary(_ value: Double?) -> Bool { value.map { abs($0) <= 1e300 } ?? false }

  private func aggregate(_ values: String, after start: Place?, through end: Place?) throws -> MetricCurve.Part? {
    let after = start == nil ? "" : " AND (timestamp, step) > (?, ?)"
    let through = end == nil ? "" : " AND (timestamp, step) <= (?, ?)"
    let time = end == nil ? "MAX(timestamp)" : "0"
    return try connection.first(
      """
      SELECT COUNT(*), SUM(is_nan), MIN(step), MAX(step), \(time), \(values)
      FROM metrics WHERE \(window.sql)\(after)\(through)
      """, window.arguments + (start?.arguments ?? []) + (end?.arguments ?? [])
    ) { row -> MetricCurve.Part? in
      let count = try row.int(0)
      guard count > 0 else { return nil }
      return MetricCurve.Part(
        firstStep: try row.integer(2), lastStep: try row.integer(3), time: try end?.time ?? row.integer(4),
        count: count, missing: try row.optionalReal(1).map { Int($0) } ?? 0, low: try row.optionalReal(5),
        mean: try row.optionalReal(7), high: try row.optionalReal(6))
    } ?? nil
  }

  /// One look at each series: is there a point besides the latest?
  static func keysWithCourse(of run: Int64, in connection: any SQLConnection) throws -> [String] {
    try connection.rows(
      """
      SELECT l.key FROM latest_metrics l WHERE l.run = ? AND EXISTS (
        SELECT 1 FROM metrics m WHERE m.run = l.run AND m.key = l.key
          AND (m.timestamp <> l.timestamp OR m.step <> l.step)
      ) ORDER BY l.key
      """, [.integer(run)]
    ) { try $0.text(0) }
  }
}
