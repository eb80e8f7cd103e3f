extension Migration {
  /// What searches for runs stand on once there are very many: a run's latest metrics know its experiment, so that one
  /// index has each experiment's runs in the order of each metric; parameters and tags lie together run by run, and are
  /// found by their value.
  ///
  /// Values are indexed by their first 64 characters: PostgreSQL takes no long ones into an index.
  static let runSearch = Migration(
    "run search",
    [
      "ALTER TABLE latest_metrics ADD COLUMN experiment BIGINT NOT NULL DEFAULT 0",
      """
      UPDATE latest_metrics
      SET experiment = COALESCE((SELECT r.experiment_id FROM runs r WHERE r.number = latest_metrics.run), 0)
      """,
      "CREATE INDEX latest_metrics_by_value ON latest_metrics (experiment, key, is_nan, value, run)",
      "ALTER TABLE params RENAME TO params_unclustered",
      """
      CREATE TABLE params (run BIGINT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run, key))
      {clustered}
      """,
      "INSERT INTO params (run, key, value) SELECT run, key, value FROM params_unclustered ORDER BY run, key",
      "DROP TABLE params_unclustered",
      "CREATE INDEX params_by_value ON params (key, substr(value, 1, 64), run)",
      "ALTER TABLE run_tags RENAME TO run_tags_unclustered",
      """
      CREATE TABLE run_tags (run BIGINT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run, key))
      {clustered}
      """,
      "INSERT INTO run_tags (run, key, value) SELECT run, key, value FROM run_tags_unclustered ORDER BY run, key",
      "DROP TABLE run_tags_unclustered",
      "CREATE INDEX run_tags_by_value ON run_tags (key, substr(value, 1, 64), run)",
    ])
}
