extension Migration {
  /// Projects with their versions and event clocks, pipeline runs with their steps and cached outputs, judged gates.
  static let projects = Migration(
    "projects",
    [
      """
      CREATE TABLE projects (
        name TEXT PRIMARY KEY,
        active_version BIGINT,
        event_time BIGINT,
        created_at BIGINT NOT NULL
      )
      """,
      """
      CREATE TABLE project_versions (
        project TEXT NOT NULL,
        number BIGINT NOT NULL,
        digest TEXT NOT NULL,
        file TEXT NOT NULL,
        tree TEXT NOT NULL,
        code_commit TEXT,
        dirty BIGINT NOT NULL,
        branch TEXT,
        author TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (project, number)
      )
      """,
      "CREATE INDEX project_versions_by_digest ON project_versions (project, digest)",
      """
      CREATE TABLE pipeline_runs (
        id TEXT PRIMARY KEY,
        project TEXT NOT NULL,
        number BIGINT NOT NULL,
        version BIGINT NOT NULL,
        state TEXT NOT NULL,
        trigger_name TEXT NOT NULL,
        reason TEXT,
        params TEXT NOT NULL,
        targets TEXT NOT NULL,
        author TEXT NOT NULL,
        event_time BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        started_at BIGINT,
        finished_at BIGINT,
        error TEXT
      )
      """,
      "CREATE UNIQUE INDEX pipeline_runs_by_number ON pipeline_runs (project, number)",
      "CREATE INDEX pipeline_runs_by_state ON pipeline_runs (state)",
      """
      CREATE TABLE pipeline_steps (
        run TEXT NOT NULL,
        name TEXT NOT NULL,
        position BIGINT NOT NULL,
        kind TEXT NOT NULL,
        needs TEXT NOT NULL,
        state TEXT NOT NULL,
        attempt BIGINT NOT NULL,
        reason TEXT,
        cache_key TEXT,
        outputs TEXT NOT NULL,
        started_at BIGINT,
        finished_at BIGINT,
        fraction DOUBLE PRECISION,
        message TEXT,
        error TEXT,
        PRIMARY KEY (run, name)
      )
      """,
      """
      CREATE TABLE step_cache (
        project TEXT NOT NULL,
        cache_key TEXT NOT NULL,
        step TEXT NOT NULL,
        ingredients TEXT NOT NULL,
        outputs TEXT NOT NULL,
        run TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (project, cache_key)
      )
      """,
      "CREATE INDEX step_cache_by_step ON step_cache (project, step, created_at)",
      """
      CREATE TABLE trigger_states (
        project TEXT NOT NULL,
        trigger_name TEXT NOT NULL,
        state TEXT NOT NULL,
        PRIMARY KEY (project, trigger_name)
      )
      """,
      """
      CREATE TABLE gate_results (
        id {serial},
        subject TEXT NOT NULL,
        gate TEXT NOT NULL,
        passed BIGINT NOT NULL,
        result TEXT NOT NULL,
        author TEXT NOT NULL,
        judged_at BIGINT NOT NULL
      )
      """,
      "CREATE INDEX gate_results_by_subject ON gate_results (subject, id)",
    ])
}
