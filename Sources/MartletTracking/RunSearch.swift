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

/// The SQL of a search for runs.
enum RunSearch {
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

  static func rows(
    _ clauses: [FilterClause], orders: [OrderClause], experiments: [Int64], view: LifecycleView, limit: Int,
    offset: Int, in connection: any SQLConnection
  ) throws -> [RunStore.Row] {
    guard !experiments.isEmpty else { return [] }
    let order = ordering(orders)
    let filter = condition(clauses, experiments: experiments, view: view, in: connection.dialect)
    return try connection.rows(
      """
      SELECT \(RunStore.columns) FROM runs r \(order.joins.sql) WHERE \(filter.sql)
      ORDER BY \(order.sql) LIMIT ? OFFSET ?
      """, order.joins.arguments + filter.arguments + [SQLValue(limit), SQLValue(offset)], RunStore.read)
  }

  static func count(
    _ clauses: [FilterClause], experiments: [Int64], view: LifecycleView, in connection: any SQLConnection
  ) throws -> Int {
    guard !experiments.isEmpty else { return 0 }
    let filter = condition(clauses, experiments: experiments, view: view, in: connection.dialect)
    return try connection.first("SELECT COUNT(*) FROM runs r WHERE \(filter.sql)", filter.arguments) {
      try $0.int(0)
    } ?? 0
  }

  /// What a run of a search fulfils; `r` is its row in `runs`.
  static func condition(
    _ clauses: [FilterClause], experiments: [Int64], view: LifecycleView, in dialect: SQLDialect
  ) -> SQLFragment {
    SQLFragment.joined(
      [
        SQLFragment("r.experiment_id IN (\(places(experiments.count)))", experiments.map(SQLValue.integer)),
        SQLFragment(
          "r.lifecycle IN (\(places(view.lifecycles.count)))", view.lifecycles.map { .text($0.rawValue) }),
      ] + clauses.map { condition($0, in: dialect) }, by: " AND ")
  }

  private static func places(_ count: Int) -> String { Array(repeating: "?", count: count).joined(separator: ", ") }

  // MARK: Conditions

  private static func condition(_ clause: FilterClause, in dialect: SQLDialect) -> SQLFragment {
    switch clause.entity {
    case .attribute:
      return clause.comparing("r.\(clause.key == "run_name" ? "name" : clause.key)", in: dialect)
    case .metric:
      let comparison = clause.comparing("m.value", in: dialect)
      // A NaN differs from every number and is nothing else to it.
      let test =
        clause.comparator == .notEqual ? "(m.is_nan = 1 OR \(comparison.sql))" : "m.is_nan = 0 AND \(comparison.sql)"
      return SQLFragment(
        "EXISTS (SELECT 1 FROM latest_metrics m WHERE m.run = r.number AND m.key = ? AND \(test))",
        [.text(clause.key)] + comparison.arguments)
    case .parameter: return keyValueCondition(clause, in: "params", dialect)
    case .tag: return keyValueCondition(clause, in: "run_tags", dialect)
    case .dataset: return datasetCondition(clause, in: dialect)
    }
  }

  private static func keyValueCondition(_ clause: FilterClause, in table: String, _ dialect: SQLDialect) -> SQLFragment
  {
    let exists = "EXISTS (SELECT 1 FROM \(table) p WHERE p.run = r.number AND p.key = ?"
    switch clause.comparator {
    case .isNull: return SQLFragment("NOT \(exists))", [.text(clause.key)])
    case .isNotNull: return SQLFragment("\(exists))", [.text(clause.key)])
    default:
      let comparison = clause.comparing("p.value", in: dialect)
      return SQLFragment("\(exists) AND \(comparison.sql))", [.text(clause.key)] + comparison.arguments)
    }
  }

  private static func datasetCondition(_ clause: FilterClause, in dialect: SQLDialect) -> SQLFragment {
    if clause.key == "context" {
      let comparison = clause.comparing("t.value", in: dialect)
      return SQLFragment(
        """
        EXISTS (SELECT 1 FROM run_input_tags t
          WHERE t.run = r.number AND t.key = 'mlflow.data.context' AND \(comparison.sql))
        """, comparison.arguments)
    }
    let comparison = clause.comparing("d.\(clause.key)", in: dialect)
    return SQLFragment(
      """
      EXISTS (SELECT 1 FROM run_inputs i JOIN run_datasets d ON d.number = i.dataset
        WHERE i.run = r.number AND \(comparison.sql))
      """, comparison.arguments)
  }

  // MARK: Order

  /// NaN comes after the numbers and missing values come last, in both directions; ties go by start, then id.
  private static func ordering(_ orders: [OrderClause]) -> (joins: SQLFragment, sql: String) {
    var joins: [SQLFragment] = []
    var terms: [String] = []
    for (position, order) in orders.enumerated() {
      let direction = order.ascending ? "ASC" : "DESC"
      let alias = "o\(position)"
      switch order.entity {
      case .attribute, .dataset:
        let column = "r.\(order.key == "run_name" ? "name" : order.key)"
        if order.key == "end_time" { terms.append("CASE WHEN \(column) IS NULL THEN 1 ELSE 0 END") }
        terms.append("\(column) \(direction)")
      case .metric:
        joins.append(
          SQLFragment(
            "LEFT JOIN latest_metrics \(alias) ON \(alias).run = r.number AND \(alias).key = ?", [.text(order.key)]))
        terms.append("CASE WHEN \(alias).is_nan = 1 THEN 1 WHEN \(alias).value IS NULL THEN 2 ELSE 0 END")
        terms.append("\(alias).value \(direction)")
      case .parameter, .tag:
        let table = order.entity == .tag ? "run_tags" : "params"
        joins.append(
          SQLFragment(
            "LEFT JOIN \(table) \(alias) ON \(alias).run = r.number AND \(alias).key = ?", [.text(order.key)]))
        terms.append("CASE WHEN \(alias).value IS NULL THEN 1 ELSE 0 END")
        terms.append("\(alias).value \(direction)")
      }
    }
    if !orders.contains(where: { $0.entity == .attribute && $0.key == "start_time" }) {
      terms.append("r.start_time DESC")
    }
    terms.append("r.run_id")
    return (SQLFragment.joined(joins, by: " "), terms.joined(separator: ", "))
  }
}
