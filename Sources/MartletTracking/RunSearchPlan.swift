import MartletStore

/// How the runs of a search are found, so that neither a large experiment nor a large database makes it slow.
enum RunSearchPlan {
  /// Along an index that has the order already, until there are enough: for filters that many runs pass.
  case walk(RunWalk)
  /// Each run that passes one filter, by that filter's index: for filters that few runs pass.
  case matches(Driver)
  /// As the database thinks best.
  case scan

  /// A clause of the filter whose runs an index lists, in a table `f`.
  struct Driver {
    /// Its place among the search's clauses.
    var clause: Int
    var table: String
    var condition: SQLFragment
  }

  /// A filter that passes no more runs than this is looked up run by run, even where an index has the order.
  private static let few = 2000
  /// The same where no index has it.
  private static let fewUnordered = 50_000

  /// Looks at how many runs the filters pass, counting no further than matters.
  init(for search: RunSearch, in connection: any SQLConnection) throws {
    if search.namesRuns {
      self = .scan
      return
    }
    let walk = RunWalk(for: search)
    var most = walk == nil ? Self.fewUnordered : Self.few
    var best: Driver?
    for driver in search.drivers(in: connection.dialect) {
      let count = try driver.count(upTo: most + 1, in: connection)
      if count <= most { (best, most) = (driver, count) }
    }
    self = best.map(Self.matches) ?? walk.map(Self.walk) ?? .scan
  }
}

extension RunSearchPlan.Driver {
  fileprivate func count(upTo limit: Int, in connection: any SQLConnection) throws -> Int {
    try connection.first(
      "SELECT COUNT(*) FROM (SELECT 1 FROM \(table) f WHERE \(condition.sql) LIMIT ?) AS few",
      condition.arguments + [SQLValue(limit)]
    ) { try $0.int(0) } ?? 0
  }
}

extension RunSearch {
  /// Whether the filter names its runs: nothing is quicker than their ids.
  fileprivate var namesRuns: Bool {
    clauses.contains { clause in
      clause.entity == .attribute && clause.key == "run_id" && [.equal, .isIn].contains(clause.comparator)
    }
  }

  /// Every clause that an index lists the runs of.
  func drivers(in dialect: SQLDialect) -> [RunSearchPlan.Driver] {
    clauses.indices.compactMap { index in
      let clause = clauses[index]
      switch (clause.entity, clause.comparator) {
      case (.metric, .equal), (.metric, .less), (.metric, .lessOrEqual), (.metric, .greater),
        (.metric, .greaterOrEqual):
        let test = SQLFragment.joined(
          [
            isInExperiments("f.experiment", dialect),
            SQLFragment("f.key = ? AND f.is_nan = 0", [.text(clause.key)]), clause.comparing("f.value", in: dialect),
          ], by: " AND ")
        return RunSearchPlan.Driver(clause: index, table: "latest_metrics", condition: test)
      case (.parameter, .equal), (.tag, .equal):
        guard case .text(let value) = clause.value else { return nil }
        return RunSearchPlan.Driver(
          clause: index, table: clause.entity == .tag ? "run_tags" : "params",
          condition: SQLFragment(
            "f.key = ? AND substr(f.value, 1, 64) = substr(?, 1, 64) AND f.value = ?",
            [.text(clause.key), .text(value), .text(value)]))
      default: return nil
      }
    }
  }
}
