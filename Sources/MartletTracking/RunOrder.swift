import MartletStore

/// An order of runs `r` as SQL: NaN comes after the numbers and missing values come last, in both directions; ties go
/// by start, the latest first, then by id.
struct RunOrder {
  /// The tables that hold what is ordered by.
  private(set) var joins = SQLFragment("")
  private var terms: [String] = []

  var sql: String { terms.joined(separator: ", ") }

  /// - Parameter isWalked: the first entry is a metric whose numbers are read in their order already, as `o0`.
  init(_ orders: [OrderClause], isWalked: Bool = false) {
    var tables: [SQLFragment] = []
    for (position, order) in orders.enumerated() {
      let direction = order.ascending ? "ASC" : "DESC"
      let alias = "o\(position)"
      switch order.entity {
      case .attribute, .dataset:
        let column = "r.\(order.key == "run_name" ? "name" : order.key)"
        if order.key == "end_time" { terms.append("CASE WHEN \(column) IS NULL THEN 1 ELSE 0 END") }
        terms.append("\(column) \(direction)")
      case .metric where isWalked && position == 0: terms.append("o0.value \(direction)")
      case .metric:
        tables.append(Self.join("latest_metrics", alias, order.key))
        terms.append("CASE WHEN \(alias).is_nan = 1 THEN 1 WHEN \(alias).value IS NULL THEN 2 ELSE 0 END")
        terms.append("\(alias).value \(direction)")
      case .parameter, .tag:
        tables.append(Self.join(order.entity == .tag ? "run_tags" : "params", alias, order.key))
        terms.append("CASE WHEN \(alias).value IS NULL THEN 1 ELSE 0 END")
        terms.append("\(alias).value \(direction)")
      }
    }
    if !orders.contains(where: { $0.entity == .attribute && $0.key == "start_time" }) {
      terms.append("r.start_time DESC")
    }
    terms.append("r.run_id")
    joins = .joined(tables, by: " ")
  }

  private static func join(_ table: String, _ alias: String, _ key: String) -> SQLFragment {
    SQLFragment("LEFT JOIN \(table) \(alias) ON \(alias).run = r.number AND \(alias).key = ?", [.text(key)])
  }
}
