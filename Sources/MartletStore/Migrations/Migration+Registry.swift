extension Migration {
  /// Registered models and their versions. What a version holds (its files) never changes after it is written.
  static let registry = Migration(
    "registry",
    [
      """
      CREATE TABLE registered_models (
        name TEXT NOT NULL PRIMARY KEY,
        description TEXT,
        created_by TEXT NOT NULL,
        creation_time BIGINT NOT NULL,
        last_update_time BIGINT NOT NULL,
        last_version BIGINT NOT NULL
      )
      """,
      """
      CREATE TABLE registered_model_tags (
        name TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name, key)
      )
      """,
      """
      CREATE TABLE registered_model_aliases (
        name TEXT NOT NULL, alias TEXT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (name, alias)
      )
      """,
      """
      CREATE TABLE model_versions (
        name TEXT NOT NULL,
        version BIGINT NOT NULL,
        source TEXT NOT NULL,
        run_id TEXT,
        run_link TEXT,
        logged_model_id TEXT,
        description TEXT,
        created_by TEXT NOT NULL,
        stage TEXT NOT NULL,
        status TEXT NOT NULL,
        status_message TEXT,
        creation_time BIGINT NOT NULL,
        last_update_time BIGINT NOT NULL,
        size BIGINT NOT NULL,
        checksum TEXT,
        signature TEXT,
        input_example TEXT,
        lineage TEXT NOT NULL,
        metrics TEXT NOT NULL,
        PRIMARY KEY (name, version)
      )
      """,
      "CREATE INDEX model_versions_by_run ON model_versions (run_id)",
      """
      CREATE TABLE model_version_files (
        name TEXT NOT NULL, version BIGINT NOT NULL, path TEXT NOT NULL, digest TEXT NOT NULL, size BIGINT NOT NULL,
        PRIMARY KEY (name, version, path)
      )
      """,
      """
      CREATE TABLE model_version_tags (
        name TEXT NOT NULL, version BIGINT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (name, version, key)
      )
      """,
    ])
}
