extension Migration {
  /// Entries are only ever added. The sealer fills `sequence`, `previous_hash` and `hash`, once.
  static let ledger = Migration(
    "ledger",
    [
      """
      CREATE TABLE ledger_entries (
        id {serial},
        time BIGINT NOT NULL,
        actor TEXT NOT NULL,
        role TEXT NOT NULL,
        action TEXT NOT NULL,
        object TEXT NOT NULL,
        before_json TEXT,
        before_hash TEXT,
        after_json TEXT,
        after_hash TEXT,
        reason TEXT,
        request_id TEXT,
        sequence BIGINT UNIQUE,
        previous_hash TEXT,
        hash TEXT
      )
      """,
      "CREATE INDEX ledger_entries_by_object ON ledger_entries (object, id)",
      "CREATE INDEX ledger_entries_by_action ON ledger_entries (action, id)",
      "CREATE INDEX ledger_entries_by_time ON ledger_entries (time)",
      "CREATE INDEX ledger_entries_unsealed ON ledger_entries (id) WHERE sequence IS NULL",
      // One row: the newest sealed entry, so that cutting off the end of the chain is noticed.
      """
      CREATE TABLE ledger_head (
        position BIGINT PRIMARY KEY,
        sequence BIGINT NOT NULL,
        hash TEXT NOT NULL
      )
      """,
    ])
}
