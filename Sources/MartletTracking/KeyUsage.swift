package import MartletCore
import MartletStore

/// How many of some runs have a key, and whether they agree in it.
package struct KeyUsage: Sendable, Hashable {
  package var column: RunColumn
  /// Runs that have it.
  package var runs: Int
  /// Different values among them.
  package var values: Int

  package init(column: RunColumn, runs: Int, values: Int) {
    self.column = column
    self.runs = runs
    self.values = values
  }
}

/// The keys that an experiment's latest runs use, the commonest first within each kind.
package struct KeyCensus: Sendable, Hashable {
  package var keys: [KeyUsage]
  /// True where more keys or runs exist than were looked at.
  package var isCut: Bool

  package init(keys: [KeyUsage] = [], isCut: Bool = false) {
    self.keys = keys
    self.isCut = isCut
  }

  package func keys(_ kind: RunColumn.Kind) -> [KeyUsage] { keys.filter { $0.column.kind == kind } }
}

extension ExperimentTracker {
  /// The keys in use among the latest 200 runs of an experiment: at most 200 of each kind, counted over at most
  /// 50,000 values of each kind, so that the cost does not grow with the experiment.
  package func commonKeys(of experiment: ExperimentID) async throws -> KeyCensus {
    let number = try ExperimentStore.number(of: experiment)
    return try await database.read { connection in
      var census = KeyCensus(keys: [], isCut: false)
      for kind in [RunColumn.Kind.metric, .param, .tag] {
        let found = try KeyUsageStore.common(kind, in: number, connection)
        census.isCut =
          census.isCut || found.count > KeyUsageStore.mostKeys
          || found.reduce(0) { $0 + $1.runs } >= KeyUsageStore.mostValues
        census.keys += found.prefix(KeyUsageStore.mostKeys)
      }
      return census
    }
  }
}

/// The SQL of which keys runs have.
enum KeyUsageStore {
  static let mostRuns = 200
  static let mostKeys = 200
  static let mostValues = 50_000

  /// Among the latest runs of an experiment. How their values differ is not looked at.
  static func common(_ kind: RunColumn.Kind, in experiment: Int64, _ connection: any SQLConnection) throws
    -> [KeyUsage]
  {
    guard let table = RunColumn(kind, "").table else { return [] }
    let sql = """
      SELECT key, COUNT(*) FROM (
        SELECT t.key AS key FROM (
          SELECT number FROM runs WHERE experiment_id = ? AND lifecycle = 'active'
          ORDER BY start_time DESC, run_id LIMIT \(mostRuns)
        ) latest JOIN \(table) t ON t.run = latest.number LIMIT \(mostValues)
      ) found GROUP BY key ORDER BY COUNT(*) DESC, key LIMIT \(mostKeys + 1)
      """
    return try connection.rows(sql, [.integer(experiment)]) { row in
      let runs = try row.int(1)
      return KeyUsage(column: RunColumn(kind, try row.text(0)), runs: runs, values: runs)
    }
  }

  /// Of these runs: every metric, parameter and tag, in order of key.
  static func usage(of runs: [Int64], in connection: any SQLConnection) throws -> [KeyUsage] {
    guard !runs.isEmpty else { return [] }
    let places = Array(repeating: "?", count: runs.count).joined(separator: ", ")
    return try [RunColumn.Kind.metric, .param, .tag].flatMap { kind -> [KeyUsage] in
      guard let table = RunColumn(kind, "").table else { return [] }
      let sql = """
        SELECT key, COUNT(*), COUNT(DISTINCT value) FROM \(table) WHERE run IN (\(places)) GROUP BY key ORDER BY key
        """
      return try connection.rows(sql, runs.map(SQLValue.integer)) { row in
        KeyUsage(column: RunColumn(kind, try row.text(0)), runs: try row.int(1), values: try row.int(2))
      }
    }
  }
}
