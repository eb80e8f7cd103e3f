package import MartletCore
import MartletStore

/// What to search runs for: MLflow's filter grammar, its order, and a page.
package struct RunQuery: Sendable {
  package var experiments: [ExperimentID]
  package var filter: String?
  package var view: LifecycleView
  package var orderBy: [String]
  /// 1 … 50,000
  package var limit: Int
  package var pageToken: String?

  package init(
    experiments: [ExperimentID], filter: String? = nil, view: LifecycleView = .active, orderBy: [String] = [],
    limit: Int = 1000, pageToken: String? = nil
  ) {
    self.experiments = experiments
    self.filter = filter
    self.view = view
    self.orderBy = orderBy
    self.limit = limit
    self.pageToken = pageToken
  }
}

/// A search for runs, read and checked. `RunSearchPlan` says how its rows are found.
struct RunSearch {
  static let grammar = FilterGrammar(
    entities: [.metric, .parameter, .tag, .attribute, .dataset],
    textAttributes: ["run_id", "run_name", "status", "user_id", "artifact_uri"],
    numericAttributes: ["start_time", "end_time"], listAttributes: ["run_id"],
    orderAttributes: ["run_id", "run_name", "status", "user_id", "artifact_uri", "start_time", "end_time"],
    aliases: [
      "created": "start_time", "Created": "start_time", "run name": "run_name", "Run name": "run_name",
      "Run Name": "run_name",
    ],
    nullable: [.parameter, .tag])

  var clauses: [FilterClause]
  var orders: [OrderClause]
  /// Each once; there may be very many.
  var experiments: [Int64]
  var view: LifecycleView
  /// At most so many rows, after `offset` others.
  var limit: Int
  var offset: Int
  /// Only rows behind this place: then nothing is skipped by counting.
  var after: RunPlace?

  init(
    _ clauses: [FilterClause] = [], orders: [OrderClause] = [], experiments: [Int64], view: LifecycleView = .active,
    limit: Int = .max, page: PageToken = PageToken(offset: 0)
  ) {
    self.clauses = clauses
    self.orders = orders
    self.experiments = Set(experiments).sorted()
    self.view = view
    self.limit = limit
    after = RunPlace(page, in: orders)
    offset = after == nil ? page.offset : 0
  }

  func rows(in connection: any SQLConnection) throws -> [RunStore.Row] {
    guard !experiments.isEmpty else { return [] }
    return try rows(by: try RunSearchPlan(for: self, in: connection), in: connection)
  }

  func rows(by plan: RunSearchPlan, in connection: any SQLConnection) throws -> [RunStore.Row] {
    switch plan {
    case .scan: return try rows(scan(in: connection.dialect), in: connection)
    case .matches(let driver): return try rows(matching(driver, in: connection.dialect), in: connection)
    case .walk(let walk):
      // Runs without a number to order by are not on the way; where there is room for them, all are looked at.
      return try rows(walking: walk, in: connection) ?? rows(by: .scan, in: connection)
    }
  }

  func count(in connection: any SQLConnection) throws -> Int {
    guard !experiments.isEmpty else { return 0 }
    let filter = condition(in: connection.dialect)
    return try connection.first("SELECT COUNT(*) FROM runs r WHERE \(filter.sql)", filter.arguments) {
      try $0.int(0)
    } ?? 0
  }

  func rows(_ statement: SQLFragment, in connection: any SQLConnection) throws -> [RunStore.Row] {
    try connection.rows(statement.sql, statement.arguments, RunStore.read)
  }

  // MARK: Statements

  /// All that the experiments hold, filtered and sorted by the database as it likes.
  func scan(in dialect: SQLDialect) -> SQLFragment {
    statement(from: SQLFragment("runs r"), where: condition(in: dialect), ordering: RunOrder(orders))
  }

  /// The runs that pass one filter, looked up one by one.
  func matching(_ driver: RunSearchPlan.Driver, in dialect: SQLDialect) -> SQLFragment {
    var rest = self
    rest.clauses.remove(at: driver.clause)
    return statement(
      from: SQLFragment("\(driver.table) f CROSS JOIN runs r"),
      where: .joined(
        [SQLFragment("r.number = f.run"), driver.condition, rest.condition(in: dialect)], by: " AND "),
      ordering: RunOrder(orders))
  }

  /// The columns of whole runs, one page of them.
  func statement(from: SQLFragment, where condition: SQLFragment, ordering: RunOrder) -> SQLFragment {
    .joined(
      [
        SQLFragment("SELECT \(RunStore.columns) FROM"), from, ordering.joins, SQLFragment("WHERE"), condition,
        SQLFragment("ORDER BY \(ordering.sql) LIMIT ? OFFSET ?", [SQLValue(limit), SQLValue(offset)]),
      ], by: " ")
  }
}
