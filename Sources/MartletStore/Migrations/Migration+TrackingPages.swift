extension Migration {
  /// What the pages of experiments and runs need besides what clients log.
  static let trackingPages = Migration(
    "tracking_pages",
    [
      // Ways to look at an experiment's runs, each under a name.
      """
      CREATE TABLE run_views (
        experiment_id BIGINT NOT NULL, name TEXT NOT NULL, query TEXT NOT NULL, saved_by TEXT NOT NULL,
        saved_time BIGINT NOT NULL, PRIMARY KEY (experiment_id, name)
      )
      """,
      // The runs inside a run, found without looking at every other run of the experiment.
      "CREATE INDEX run_tags_by_parent ON run_tags (value, run) WHERE key = 'mlflow.parentRunId'",
    ])
}
