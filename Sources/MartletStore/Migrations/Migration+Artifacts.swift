extension Migration {
  /// The names under which MLflow's clients see stored blobs: `<experiment>/<run>/artifacts/<path>`. Several names
  /// may show one blob.
  static let artifacts = Migration(
    "artifacts",
    [
      """
      CREATE TABLE artifact_files (
        path TEXT NOT NULL PRIMARY KEY,
        digest TEXT NOT NULL,
        size BIGINT NOT NULL,
        media_type TEXT,
        created_time BIGINT NOT NULL
      )
      """,
      "CREATE INDEX artifact_files_by_digest ON artifact_files (digest)",
    ])
}
