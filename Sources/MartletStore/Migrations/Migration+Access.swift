extension Migration {
  /// Accounts with their roles, tokens and sessions, and MLflow's roles over single experiments and models. Secrets are
  /// kept as hashes only.
  static let access = Migration(
    "access",
    [
      """
      CREATE TABLE access_users (
        id {serial},
        name TEXT NOT NULL UNIQUE,
        password TEXT,
        disabled BIGINT NOT NULL,
        created_at BIGINT NOT NULL
      )
      """,
      """
      CREATE TABLE access_grants (
        user_id BIGINT NOT NULL, role TEXT NOT NULL, project TEXT NOT NULL, granted_at BIGINT NOT NULL,
        PRIMARY KEY (user_id, role, project)
      )
      """,
      "CREATE INDEX access_grants_by_role ON access_grants (role, project)",
      """
      CREATE TABLE access_tokens (
        id TEXT PRIMARY KEY,
        user_id BIGINT NOT NULL,
        name TEXT NOT NULL,
        hash TEXT NOT NULL UNIQUE,
        permissions TEXT,
        project TEXT,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL
      )
      """,
      "CREATE INDEX access_tokens_by_user ON access_tokens (user_id, created_at)",
      """
      CREATE TABLE access_sessions (
        hash TEXT PRIMARY KEY, user_id BIGINT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL
      )
      """,
      "CREATE INDEX access_sessions_by_user ON access_sessions (user_id)",
      // At most one row: what the first administrator is created with.
      "CREATE TABLE access_setup (hash TEXT NOT NULL, created_at BIGINT NOT NULL)",
      // MLflow's roles; each user's own permissions are a role of that user alone.
      """
      CREATE TABLE access_roles (
        id {serial}, name TEXT NOT NULL UNIQUE, description TEXT, owner BIGINT
      )
      """,
      """
      CREATE TABLE access_role_permissions (
        id {serial},
        role BIGINT NOT NULL, resource_type TEXT NOT NULL, resource_pattern TEXT NOT NULL, permission TEXT NOT NULL,
        UNIQUE (role, resource_type, resource_pattern)
      )
      """,
      "CREATE INDEX access_role_permissions_by_resource ON access_role_permissions (resource_type, resource_pattern)",
      "CREATE TABLE access_role_users (id {serial}, role BIGINT NOT NULL, user_id BIGINT NOT NULL, UNIQUE (role, user_id))",
      "CREATE INDEX access_role_users_by_user ON access_role_users (user_id)",
    ])
}
