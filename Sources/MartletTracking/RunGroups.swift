package import MartletCore
import MartletStore

/// How the values of one metric lie in a group of runs.
package struct MetricSpread: Sendable, Hashable {
  /// Runs with a number; those with NaN, an infinity or a number beyond ±1e150 are left out.
  package var count: Int
  package var mean: Double
  /// Of the sample, dividing by count − 1; nil for a single run.
  package var deviation: Double?
  package var low: Double
  package var high: Double
}

/// The runs that have one value of a parameter or tag.
package struct RunGroup: Sendable, Hashable {
  /// Nil for the runs that lack it.
  package var value: String?
  package var runs: Int
  /// By metric.
  package var metrics: [String: MetricSpread]
}

/// The largest groups of a search's runs.
package struct RunGroups: Sendable, Hashable {
  package var groups: [RunGroup]
  /// There are more groups than these.
  package var isCut: Bool

  package static let most = 200
  package static let mostMetrics = 10
}

extension ExperimentTracker {
  /// The runs that a filter finds, grouped by a parameter or a tag, the largest groups first.
  ///
  /// - Parameter metrics: at most 10, of which mean and spread are wanted.
  package func groupRuns(
    experiments: [ExperimentID], filter: String? = nil, by column: RunColumn, metrics: [String]
  ) async throws -> RunGroups {
    guard column.kind == .param || column.kind == .tag else {
      throw MartletError.invalidInput(
        "runs are grouped by a parameter or a tag, not by \(column.reference ?? column.key)",
        fix: "write it as params.seed or tags.team")
    }
    guard metrics.count <= RunGroups.mostMetrics else {
      throw MartletError.invalidInput(
        "\(metrics.count) metrics are too many for one table of groups", fix: "choose \(RunGroups.mostMetrics)")
    }
    let search = RunSearch(
      try RunSearch.grammar.parse(filter), experiments: try experiments.map(ExperimentStore.number))
    return try await database.read(within: TransactionLimits.longReading) { connection in
      let groups = RunGroupStore(
        found: search.condition(in: connection.dialect), column: column, connection: connection)
      return try groups.groups(metrics: metrics)
    }
  }
}
