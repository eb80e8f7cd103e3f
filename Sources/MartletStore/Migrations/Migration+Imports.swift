extension Migration {
  /// Imports from other servers, and what each has brought already: so that one that was interrupted goes on where it
  /// was, and can be compared with its source at the end.
  static let imports = Migration(
    "imports",
    [
      """
      CREATE TABLE imports (
        id TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        into_existing BIGINT NOT NULL,
        state TEXT NOT NULL,
        author TEXT NOT NULL,
        created_time BIGINT NOT NULL,
        updated_time BIGINT NOT NULL,
        report TEXT
      )
      """,
      "CREATE INDEX imports_by_source ON imports (source, created_time)",
      // `local` is the number of an experiment here; `kind` says what `item` is the id of there.
      """
      CREATE TABLE import_items (
        import TEXT NOT NULL, kind TEXT NOT NULL, item TEXT NOT NULL, local BIGINT,
        PRIMARY KEY (import, kind, item)
      )
      """,
    ])
}
