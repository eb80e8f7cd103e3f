package import MartletCore
package import MartletStore

/// Windows and their verdicts in the metadata database.
package struct MonitorStore: Sendable {
  private let database: any Database

  package init(database: any Database) { self.database = database }

  /// Records a window's measures and the verdict of one phase; measuring a phase again replaces it.
  package func record(_ measures: WindowMeasures, _ verdict: MonitorVerdict) async throws {
    let measuresJSON = try JSON(encoding: measures)
    let verdictJSON = try JSON(encoding: verdict)
    try await database.write { connection in
      try connection.execute(
        """
        INSERT INTO monitor_windows (endpoint, window_from, window_to, measures) VALUES (?, ?, ?, ?)
        ON CONFLICT (endpoint, window_from) DO UPDATE SET window_to = excluded.window_to, measures = excluded.measures
        """,
        [SQLValue(verdict.endpoint), SQLValue(verdict.from), SQLValue(verdict.to), SQLValue(measuresJSON)])
      try connection.execute(
        """
        INSERT INTO monitor_verdicts (endpoint, window_from, phase, quiet, verdict) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (endpoint, window_from, phase) DO UPDATE SET quiet = excluded.quiet, verdict = excluded.verdict
        """,
        [
          SQLValue(verdict.endpoint), SQLValue(verdict.from), .text(verdict.phase.rawValue), SQLValue(verdict.isQuiet),
          SQLValue(verdictJSON),
        ])
    }
  }

  /// Windows of an endpoint, newest first.
  package func windows(of endpoint: EndpointName, limit: Int = 500) async throws -> [MonitorWindow] {
    try await database.read { connection in
      let verdicts = try connection.rows(
        "SELECT window_from, verdict FROM monitor_verdicts WHERE endpoint = ? ORDER BY window_from, phase",
        [SQLValue(endpoint)]
      ) { (try $0.integer(0), try $0.json(1).decode(MonitorVerdict.self)) }
      let byWindow = Dictionary(grouping: verdicts, by: \.0).mapValues { $0.map(\.1) }
      return try connection.rows(
        """
        SELECT window_from, window_to, measures FROM monitor_windows WHERE endpoint = ?
        ORDER BY window_from DESC LIMIT ?
        """, [SQLValue(endpoint), SQLValue(limit)]
      ) { row in
        MonitorWindow(
          endpoint: endpoint, from: try row.time(0), to: try row.time(1), measures: try row.json(2).decode(),
          verdicts: byWindow[try row.integer(0)] ?? [])
      }
    }
  }

  /// The end of the last window judged in a phase; nil before the first.
  package func lastJudged(_ endpoint: EndpointName, _ phase: MonitorPhase) async throws -> Timestamp? {
    try await database.read { connection in
      try connection.first(
        """
        SELECT max(w.window_to) FROM monitor_windows w JOIN monitor_verdicts v
        ON v.endpoint = w.endpoint AND v.window_from = w.window_from WHERE w.endpoint = ? AND v.phase = ?
        """, [SQLValue(endpoint), .text(phase.rawValue)]
      ) { try $0.optionalTime(0) } ?? nil
    }
  }
}
