import MartletStore

extension RunSearch {
  /// Every condition that a run `r` must meet.
  func condition(in dialect: SQLDialect) -> SQLFragment {
    .joined(
      [isInExperiments("r.experiment_id", dialect), lifecycleCondition]
        + clauses.map { Self.condition($0, in: dialect) } + [after?.condition].compactMap(\.self), by: " AND ")
  }

  var lifecycleCondition: SQLFragment {
    Self.isOneOf("r.lifecycle", view.lifecycles.map { .text($0.rawValue) })
  }

  /// Whether a column names one of the search's experiments. Very many of them are one argument: databases take a few ten
  /// thousand arguments and no more.
  func isInExperiments(_ column: String, _ dialect: SQLDialect) -> SQLFragment {
    guard experiments.count > 1000 else { return Self.isOneOf(column, experiments.map(SQLValue.integer)) }
    let list = SQLFragment.numbers(experiments, in: dialect)
    return SQLFragment("\(column) IN (\(list.sql))", list.arguments)
  }

  /// Equality where there is one value: an index then gives an order.
  static func isOneOf(_ column: String, _ values: [SQLValue]) -> SQLFragment {
    if values.count == 1 { return SQLFragment("\(column) = ?", values) }
    return SQLFragment("\(column) IN (\(Array(repeating: "?", count: values.count).joined(separator: ", ")))", values)
  }

  /// One clause of the filter, about a run `r`.
  static func condition(_ clause: FilterClause, in dialect: SQLDialect) -> SQLFragment {
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
}
