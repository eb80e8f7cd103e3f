extension Migration {
  /// Experiments and runs with everything logged to them. Runs carry a number of their own, so that the large
  /// tables (a row for each metric point) hold eight bytes instead of a 32-character id.
  static let tracking = Migration(
    "tracking",
    [
      """
      CREATE TABLE experiments (
        experiment_id {serial},
        name TEXT NOT NULL UNIQUE,
        artifact_location TEXT NOT NULL,
        lifecycle TEXT NOT NULL,
        creation_time BIGINT NOT NULL,
        last_update_time BIGINT NOT NULL
      )
      """,
      """
      INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle, creation_time, last_update_time)
      VALUES (0, 'Default', 'mlflow-artifacts:/0', 'active', 0, 0)
      """,
      """
      CREATE TABLE experiment_tags (
        experiment_id BIGINT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (experiment_id, key)
      )
      """,
      """
      CREATE TABLE runs (
        number {serial},
        run_id TEXT NOT NULL UNIQUE,
        experiment_id BIGINT NOT NULL,
        name TEXT NOT NULL,
        user_id TEXT NOT NULL,
        status TEXT NOT NULL,
        start_time BIGINT NOT NULL,
        end_time BIGINT,
        lifecycle TEXT NOT NULL,
        artifact_uri TEXT NOT NULL,
        deleted_time BIGINT
      )
      """,
      "CREATE INDEX runs_by_start ON runs (experiment_id, lifecycle, start_time DESC, run_id)",
      // A point is its own key, so that logging it twice changes nothing; NaN is value 0 with is_nan 1.
      """
      CREATE TABLE metrics (
        run BIGINT NOT NULL, key TEXT NOT NULL, timestamp BIGINT NOT NULL, step BIGINT NOT NULL,
        value DOUBLE PRECISION NOT NULL, is_nan BIGINT NOT NULL,
        PRIMARY KEY (run, key, timestamp, step, value, is_nan)
      ) {clustered}
      """,
      // The point with the greatest (step, timestamp, value) of each series: what searches and lists read.
      """
      CREATE TABLE latest_metrics (
        run BIGINT NOT NULL, key TEXT NOT NULL, value DOUBLE PRECISION NOT NULL, is_nan BIGINT NOT NULL,
        step BIGINT NOT NULL, timestamp BIGINT NOT NULL, PRIMARY KEY (run, key)
      ) {clustered}
      """,
      "CREATE TABLE params (run BIGINT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run, key))",
      "CREATE TABLE run_tags (run BIGINT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run, key))",
      """
      CREATE TABLE run_datasets (
        number {serial},
        experiment_id BIGINT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, source_type TEXT NOT NULL,
        source TEXT NOT NULL, schema_text TEXT, profile TEXT, UNIQUE (experiment_id, name, digest)
      )
      """,
      "CREATE TABLE run_inputs (run BIGINT NOT NULL, dataset BIGINT NOT NULL, PRIMARY KEY (run, dataset))",
      """
      CREATE TABLE run_input_tags (
        run BIGINT NOT NULL, dataset BIGINT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (run, dataset, key)
      )
      """,
      """
      CREATE TABLE run_models (
        run BIGINT NOT NULL, direction TEXT NOT NULL, model_id TEXT NOT NULL, step BIGINT NOT NULL,
        PRIMARY KEY (run, direction, model_id)
      )
      """,
      """
      CREATE TABLE logged_models (
        model_id TEXT NOT NULL PRIMARY KEY,
        experiment_id BIGINT NOT NULL,
        name TEXT NOT NULL,
        model_type TEXT,
        source_run_id TEXT,
        status TEXT NOT NULL,
        artifact_uri TEXT NOT NULL,
        lifecycle TEXT NOT NULL,
        creation_time BIGINT NOT NULL,
        last_update_time BIGINT NOT NULL
      )
      """,
      "CREATE INDEX logged_models_by_experiment ON logged_models (experiment_id, lifecycle, creation_time DESC)",
      """
      CREATE TABLE logged_model_params (
        model_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (model_id, key)
      )
      """,
      """
      CREATE TABLE logged_model_tags (
        model_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (model_id, key)
      )
      """,
      """
      CREATE TABLE logged_model_metrics (
        model_id TEXT NOT NULL, run_id TEXT NOT NULL, key TEXT NOT NULL, timestamp BIGINT NOT NULL,
        step BIGINT NOT NULL, value DOUBLE PRECISION NOT NULL, is_nan BIGINT NOT NULL,
        dataset_name TEXT NOT NULL, dataset_digest TEXT NOT NULL,
        PRIMARY KEY (model_id, key, run_id, timestamp, step, value, is_nan, dataset_name, dataset_digest)
      )
      """,
    ])
}
