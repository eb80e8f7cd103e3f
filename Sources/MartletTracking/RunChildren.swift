package import MartletCore
import MartletStore

extension ExperimentTracker {
  /// The runs inside a run, such as the trials of a search: those of its experiment whose tag `mlflow.parentRunId` names it, the oldest
  /// first, with chosen columns as in `selectRuns`.
  package func children(
    of run: RunID, limit: Int,
    choosing: @escaping @Sendable (_ usage: [KeyUsage], _ runs: Int) -> [RunColumn]
  ) async throws -> RunSelection {
    try await database.read { connection in
      // The key stands in the statement: the index is of this key alone.
      let rows = try connection.rows(
        """
        SELECT \(RunStore.columns) FROM run_tags t JOIN runs r ON r.number = t.run
        WHERE t.key = 'mlflow.parentRunId' AND t.value = ? AND r.lifecycle = 'active'
          AND r.experiment_id = (SELECT p.experiment_id FROM runs p WHERE p.run_id = ?)
        ORDER BY r.start_time, r.run_id LIMIT ?
        """, [.text(run.text), .text(run.text), SQLValue(limit)], RunStore.read)
      let columns = choosing(try KeyUsageStore.usage(of: rows.map(\.number), in: connection), rows.count)
      return RunSelection(runs: Page(try RunSelectionStore.runs(rows, columns, in: connection)), columns: columns)
    }
  }
}
