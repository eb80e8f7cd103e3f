extension Migration {
  static let monitoring = Migration(
    "monitoring",
    [
      """
      CREATE TABLE monitor_windows (
        endpoint TEXT NOT NULL,
        window_from BIGINT NOT NULL,
        window_to BIGINT NOT NULL,
        measures TEXT NOT NULL,
        PRIMARY KEY (endpoint, window_from)
      )
      """,
      """
      CREATE TABLE monitor_verdicts (
        endpoint TEXT NOT NULL,
        window_from BIGINT NOT NULL,
        phase TEXT NOT NULL,
        quiet BIGINT NOT NULL,
        verdict TEXT NOT NULL,
        PRIMARY KEY (endpoint, window_from, phase)
      )
      """,
      """
      CREATE TABLE alerts (
        id TEXT PRIMARY KEY,
        deduplication_key TEXT NOT NULL,
        project TEXT NOT NULL,
        subject TEXT NOT NULL,
        kind TEXT NOT NULL,
        severity TEXT NOT NULL,
        owner TEXT,
        reason TEXT NOT NULL,
        state TEXT NOT NULL,
        occurrences BIGINT NOT NULL,
        first_at BIGINT NOT NULL,
        last_at BIGINT NOT NULL,
        acknowledged_by TEXT
      )
      """,
      "CREATE INDEX alerts_by_time ON alerts (project, last_at)",
      "CREATE INDEX alerts_open ON alerts (deduplication_key, state)",
    ])
}
