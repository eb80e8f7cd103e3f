extension Migration {
  /// Datasets, their versions, what was delivered, and the rows pushed since.
  static let data = Migration(
    "data",
    [
      """
      CREATE TABLE datasets (
        project TEXT NOT NULL,
        name TEXT NOT NULL,
        definition TEXT NOT NULL,
        contract TEXT,
        head BIGINT,
        baseline TEXT,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        author TEXT NOT NULL,
        PRIMARY KEY (project, name)
      )
      """,
      """
      CREATE TABLE data_versions (
        project TEXT NOT NULL,
        name TEXT NOT NULL,
        number BIGINT NOT NULL,
        id TEXT NOT NULL,
        parent TEXT,
        event_time BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        author TEXT NOT NULL,
        row_count BIGINT NOT NULL,
        byte_count BIGINT NOT NULL,
        partition_count BIGINT NOT NULL,
        changes TEXT NOT NULL,
        PRIMARY KEY (project, name, number)
      )
      """,
      "CREATE UNIQUE INDEX data_versions_id ON data_versions (project, name, id)",
      """
      CREATE TABLE data_deliveries (
        id {serial},
        project TEXT NOT NULL,
        name TEXT NOT NULL,
        partition_name TEXT NOT NULL,
        status TEXT NOT NULL,
        digest TEXT NOT NULL,
        row_count BIGINT NOT NULL,
        byte_count BIGINT NOT NULL,
        first_time BIGINT,
        last_time BIGINT,
        source_digest TEXT NOT NULL,
        source_name TEXT NOT NULL,
        event_time BIGINT NOT NULL,
        delivered_at BIGINT NOT NULL,
        author TEXT NOT NULL,
        version BIGINT,
        statistics TEXT NOT NULL,
        findings TEXT NOT NULL
      )
      """,
      "CREATE INDEX data_deliveries_partition ON data_deliveries (project, name, partition_name, status)",
      "CREATE INDEX data_deliveries_status ON data_deliveries (project, name, status, last_time)",
      """
      CREATE TABLE data_tail (
        id {serial},
        project TEXT NOT NULL,
        name TEXT NOT NULL,
        partition_name TEXT NOT NULL,
        digest TEXT NOT NULL,
        row_count BIGINT NOT NULL,
        byte_count BIGINT NOT NULL,
        first_time BIGINT,
        last_time BIGINT,
        event_time BIGINT NOT NULL,
        received_at BIGINT NOT NULL,
        author TEXT NOT NULL
      )
      """,
      "CREATE INDEX data_tail_partition ON data_tail (project, name, partition_name)",
      """
      CREATE TABLE data_profiles (
        project TEXT NOT NULL,
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        profile TEXT NOT NULL,
        PRIMARY KEY (project, name, version)
      )
      """,
    ])
}
