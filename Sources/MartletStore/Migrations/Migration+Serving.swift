extension Migration {
  /// Endpoints with what is live on them, their deployments, and the outcomes of predictions.
  static let serving = Migration(
    "serving",
    [
      // `definition` is what the project file says, `rollout` what is live now; both JSON.
      """
      CREATE TABLE endpoints (
        name TEXT PRIMARY KEY,
        project TEXT NOT NULL,
        definition TEXT NOT NULL,
        rollout TEXT NOT NULL,
        changed_at BIGINT NOT NULL
      )
      """,
      // One row: the number of the newest scoring configuration.
      "CREATE TABLE scoring_epochs (id BIGINT PRIMARY KEY, epoch BIGINT NOT NULL)",
      """
      CREATE TABLE deployments (
        id TEXT PRIMARY KEY,
        endpoint TEXT NOT NULL,
        model TEXT NOT NULL,
        version BIGINT NOT NULL,
        former TEXT,
        strategy TEXT NOT NULL,
        status TEXT NOT NULL,
        rung BIGINT NOT NULL,
        share DOUBLE PRECISION NOT NULL,
        reason TEXT,
        author TEXT NOT NULL,
        started_at BIGINT NOT NULL,
        ended_at BIGINT,
        sequence BIGINT NOT NULL
      )
      """,
      "CREATE UNIQUE INDEX deployments_by_endpoint ON deployments (endpoint, sequence)",
      """
      CREATE TABLE outcomes (
        endpoint TEXT NOT NULL,
        id TEXT NOT NULL,
        value DOUBLE PRECISION NOT NULL,
        at BIGINT NOT NULL,
        received_at BIGINT NOT NULL,
        PRIMARY KEY (endpoint, id)
      )
      """,
      "CREATE INDEX outcomes_by_time ON outcomes (endpoint, at)",
      // What an outcome was before it was corrected.
      """
      CREATE TABLE outcome_corrections (
        number {serial},
        endpoint TEXT NOT NULL,
        id TEXT NOT NULL,
        value DOUBLE PRECISION NOT NULL,
        at BIGINT NOT NULL,
        replaced_at BIGINT NOT NULL
      )
      """,
      "CREATE INDEX outcome_corrections_by_id ON outcome_corrections (endpoint, id)",
      """
      CREATE TABLE outcome_counts (
        endpoint TEXT PRIMARY KEY,
        accepted BIGINT NOT NULL,
        repeated BIGINT NOT NULL,
        corrected BIGINT NOT NULL,
        late BIGINT NOT NULL
      )
      """,
    ])
}
