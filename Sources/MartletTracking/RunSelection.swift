package import MartletCore
import MartletStore

/// One page of runs with the columns that were chosen of them, and nothing else that was logged.
package struct RunSelection: Sendable {
  package var runs: Page<Run>
  package var columns: [RunColumn]
}

extension ExperimentTracker {
  /// As `searchRuns`, reading only some columns, so that runs with thousands of metrics are as quick as others.
  ///
  /// - Parameter choosing: the columns to read, given which metrics, parameters and tags the page's runs have and whether
  ///   they differ in them.
  package func selectRuns(
    _ query: RunQuery, choosing: @escaping @Sendable (_ usage: [KeyUsage], _ runs: Int) -> [RunColumn]
  ) async throws -> RunSelection {
    try Self.checkLimit(query.limit, atMost: 500)
    let search = try RunSearch(query)
    return try await database.read { connection in
      let page = try search.page(of: query, in: connection)
      let usage = try KeyUsageStore.usage(of: page.items.map(\.number), in: connection)
      let columns = choosing(usage, page.items.count)
      let runs = try RunSelectionStore.runs(page.items, columns, in: connection)
      return RunSelection(runs: Page(runs, nextToken: page.nextToken), columns: columns)
    }
  }

  /// These runs, in this order, with some columns of each; 'not found' names the first that is not there.
  package func selectRuns(
    _ ids: [RunID], choosing: @escaping @Sendable (_ usage: [KeyUsage], _ runs: Int) -> [RunColumn]
  ) async throws -> RunSelection {
    try await database.read { connection in
      let rows = try ids.map { try RunStore.get($0, in: connection) }
      let columns = choosing(try KeyUsageStore.usage(of: rows.map(\.number), in: connection), rows.count)
      return RunSelection(runs: Page(try RunSelectionStore.runs(rows, columns, in: connection)), columns: columns)
    }
  }

  /// - Throws: `.invalidInput` when the filter is not of MLflow's grammar, saying where.
  package static func checkFilter(_ filter: String?) throws { _ = try RunSearch.grammar.parse(filter) }

  /// - Throws: `.invalidInput` when it is no order of MLflow's grammar.
  package static func checkOrder(_ order: String) throws { _ = try RunSearch.grammar.parseOrder(order) }
}

/// The SQL of some columns of some runs.
enum RunSelectionStore {
  static func runs(_ rows: [RunStore.Row], _ columns: [RunColumn], in connection: any SQLConnection) throws -> [Run] {
    var runs = Dictionary(
      rows.map { row in
        let run = Run(
          info: row.info, metrics: [], params: [], tags: [], datasets: [], modelInputs: [], modelOutputs: [])
        return (row.number, run)
      }, uniquingKeysWith: { first, _ in first })
    for kind in [RunColumn.Kind.metric, .param, .tag] {
      let keys = columns.filter { $0.kind == kind }.map(\.key)
      try forEach(kind, keys: keys, of: rows.map(\.number), in: connection) { number, row in
        if kind == .metric {
          runs[number]?.metrics.append(
            Metric(
              key: try row.text(1), value: try row.boolean(3) ? .nan : try row.real(2), timestamp: try row.integer(4),
              step: try row.integer(5)))
        } else {
          let pair = KeyValue(try row.text(1), try row.text(2))
          if kind == .param { runs[number]?.params.append(pair) } else { runs[number]?.tags.append(pair) }
        }
      }
    }
    return rows.compactMap { runs[$0.number] }
  }

  private static func forEach(
    _ kind: RunColumn.Kind, keys: [String], of runs: [Int64], in connection: any SQLConnection,
    _ body: (Int64, SQLRow) throws -> Void
  ) throws {
    guard !keys.isEmpty, !runs.isEmpty, let table = RunColumn(kind, "").table else { return }
    let values = kind == .metric ? "value, is_nan, timestamp, step" : "value"
    let places = { (count: Int) in Array(repeating: "?", count: count).joined(separator: ", ") }
    try connection.forEachRow(
      """
      SELECT run, key, \(values) FROM \(table) WHERE run IN (\(places(runs.count))) AND key IN (\(places(keys.count)))
      ORDER BY run, key
      """, runs.map(SQLValue.integer) + keys.map(SQLValue.text)
    ) { row in
      try body(try row.integer(0), row)
      return true
    }
  }
}
