extension Migration {
  /// Feature views as they are defined now and were before, and the latest row of each entity for serving.
  static let features = Migration(
    "features",
    [
      """
      CREATE TABLE feature_views (
        project TEXT NOT NULL,
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        definition TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        author TEXT NOT NULL,
        refreshed_to BIGINT,
        PRIMARY KEY (project, name)
      )
      """,
      """
      CREATE TABLE feature_view_versions (
        project TEXT NOT NULL,
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        definition TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        author TEXT NOT NULL,
        PRIMARY KEY (project, name, version)
      )
      """,
      """
      CREATE TABLE online_rows (
        project TEXT NOT NULL,
        view_name TEXT NOT NULL,
        entity TEXT NOT NULL,
        known_at BIGINT,
        feature_values TEXT NOT NULL,
        PRIMARY KEY (project, view_name, entity)
      )
      """,
    ])
}
