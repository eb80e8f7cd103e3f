import MartletStore

/// An order that an index of each experiment has: by start, or by the latest number of one metric.
enum RunWalk {
  case start(ascending: Bool)
  case metric(String, ascending: Bool)

  /// More walks than one are put together only for pages that end before this place.
  private static let longestJoined = 2000
  /// More parts than this are not walked one after the other: each is a question to the database.
  private static let mostSegments = 5000

  /// Nil when no index has the search's order.
  init?(for search: RunSearch) {
    switch search.orders.first {
    case nil: self = .start(ascending: false)
    case .some(let order) where order.entity == .attribute && order.key == "start_time":
      self = .start(ascending: order.ascending)
    case .some(let order) where order.entity == .metric: self = .metric(order.key, ascending: order.ascending)
    default: return nil
    }
    let count = search.segments(of: self).count
    guard count == 1 || (search.end <= Self.longestJoined && count <= Self.mostSegments) else { return nil }
  }
}

extension RunSearch {
  /// Each part of the runs that an index has in order by itself.
  struct Segment {
    var experiment: Int64
    var lifecycles: LifecycleView
  }

  /// The place after the page's last.
  fileprivate var end: Int { limit.addingReportingOverflow(offset).overflow ? .max : limit + offset }

  fileprivate func segments(of walk: RunWalk) -> [Segment] {
    switch walk {
    case .metric: experiments.map { Segment(experiment: $0, lifecycles: view) }
    case .start:
      experiments.flatMap { experiment in
        (view == .all ? [.active, .deleted] : [view]).map { Segment(experiment: experiment, lifecycles: $0) }
      }
    }
  }

  /// The page, or nil when it may go beyond the numbers of the metric that is ordered by.
  func rows(walking walk: RunWalk, in connection: any SQLConnection) throws -> [RunStore.Row]? {
    guard connection.dialect == .postgresql else { return try walkedRows(walk, in: connection) }
    // Without statistics, as after many runs were logged at once, the planner would sort everything.
    try connection.execute("SET LOCAL enable_sort = off")
    let rows = try walkedRows(walk, in: connection)
    try connection.execute("SET LOCAL enable_sort = on")
    return rows
  }

  private func walkedRows(_ walk: RunWalk, in connection: any SQLConnection) throws -> [RunStore.Row]? {
    let segments = segments(of: walk)
    if segments.count == 1 {
      let found = try rows(walked(walk, segments[0], in: connection.dialect), in: connection)
      return found.count == limit || isWhole(walk) ? found : nil
    }
    let numbers: [Int64]
    switch walk {
    case .start(let ascending):
      var first = First(end, ascending: ascending, bound: ascending ? Int64.max : Int64.min)
      for segment in segments {
        first.add(try candidates(walk, segment, .integer(first.bound), in: connection) { try $0.integer(1) })
      }
      numbers = first.numbers
    case .metric(_, let ascending):
      var first = First(end, ascending: ascending, bound: ascending ? Double.infinity : -Double.infinity)
      for segment in segments {
        first.add(try candidates(walk, segment, .real(first.bound), in: connection) { try $0.real(1) })
      }
      numbers = first.numbers
    }
    guard numbers.count >= end || isWhole(walk) else { return nil }
    return try rows(numbers, in: connection)
  }

  /// Whether every run that passes the filter lies on the way.
  private func isWhole(_ walk: RunWalk) -> Bool {
    guard case .metric(let key, _) = walk else { return true }
    return clauses.contains { $0.entity == .metric && $0.key == key && $0.comparator != .notEqual }
  }

  /// The page of one segment.
  func walked(_ walk: RunWalk, _ segment: Segment, in dialect: SQLDialect) -> SQLFragment {
    let way = way(walk, segment, in: dialect)
    return statement(from: way.from, where: way.condition, ordering: way.ordering)
  }

  /// The number and the leading value of a segment's first runs, up to `bound`.
  private func candidates<Value>(
    _ walk: RunWalk, _ segment: Segment, _ bound: SQLValue, in connection: any SQLConnection,
    _ value: (SQLRow) throws -> Value
  ) throws -> [(number: Int64, value: Value)] {
    let way = way(walk, segment, in: connection.dialect)
    let (column, ascending) =
      switch walk {
      case .start(let ascending): ("r.start_time", ascending)
      case .metric(_, let ascending): ("o0.value", ascending)
      }
    return try connection.rows(
      """
      SELECT r.number, \(column) FROM \(way.from.sql) \(way.ordering.joins.sql)
      WHERE \(way.condition.sql) AND \(column) \(ascending ? "<=" : ">=") ? ORDER BY \(way.ordering.sql) LIMIT ?
      """,
      way.from.arguments + way.ordering.joins.arguments + way.condition.arguments + [bound, SQLValue(end)]
    ) { (try $0.integer(0), try value($0)) }
  }

  private func way(
    _ walk: RunWalk, _ segment: Segment, in dialect: SQLDialect
  ) -> (from: SQLFragment, condition: SQLFragment, ordering: RunOrder) {
    var part = self
    part.experiments = [segment.experiment]
    part.view = segment.lifecycles
    guard case .metric(let key, _) = walk else {
      return (SQLFragment("runs r"), part.condition(in: dialect), RunOrder(orders))
    }
    let own = clauses.filter { $0.entity == .metric && $0.key == key }
    let others = clauses.filter { $0.entity != .metric || $0.key != key }
    let condition = SQLFragment.joined(
      [
        SQLFragment(
          "o0.experiment = ? AND o0.key = ? AND o0.is_nan = 0 AND r.number = o0.run",
          [.integer(segment.experiment), .text(key)])
      ] + own.map { $0.comparing("o0.value", in: dialect) } + [part.lifecycleCondition]
        + others.map { Self.condition($0, in: dialect) }, by: " AND ")
    return (SQLFragment("latest_metrics o0 CROSS JOIN runs r"), condition, RunOrder(orders, isWalked: true))
  }

  /// One page of these runs, in the search's order.
  private func rows(_ numbers: [Int64], in connection: any SQLConnection) throws -> [RunStore.Row] {
    guard let last = numbers.last else { return [] }
    // Lists of few lengths, so that few statements are prepared.
    let length = [16, 128, 1024, 8192].first { $0 >= numbers.count } ?? numbers.count
    let padded = numbers + Array(repeating: last, count: length - numbers.count)
    return try rows(
      statement(
        from: SQLFragment("runs r"), where: Self.isOneOf("r.number", padded.map(SQLValue.integer)),
        ordering: RunOrder(orders)), in: connection)
  }
}

/// The first of several ordered lists, put together: what can no longer be among the first `count` is dropped, and
/// not asked for again.
private struct First<Value: Comparable> {
  let count: Int
  let ascending: Bool
  /// Nothing beyond this value is among the first; equal ones may be.
  private(set) var bound: Value
  private var found: [(number: Int64, value: Value)] = []

  init(_ count: Int, ascending: Bool, bound: Value) {
    self.count = count
    self.ascending = ascending
    self.bound = bound
  }

  var numbers: [Int64] { found.map(\.number) }

  mutating func add(_ more: [(number: Int64, value: Value)]) {
    guard !more.isEmpty else { return }
    let ascending = ascending
    var known = found + more
    known.sort { ascending ? $0.value < $1.value : $0.value > $1.value }
    if count > 0, known.count >= count {
      let last = known[count - 1].value
      known.removeAll { ascending ? $0.value > last : $0.value < last }
      bound = last
    }
    found = known
  }
}
