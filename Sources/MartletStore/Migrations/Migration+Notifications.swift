extension Migration {
  /// The outbox of notifications. A database that has a history is not told of again.
  static let notifications = Migration(
    "notifications",
    [
      """
      CREATE TABLE notification_deliveries (
        id TEXT PRIMARY KEY,
        project TEXT NOT NULL,
        alert TEXT,
        destination TEXT NOT NULL,
        notification TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        next_at BIGINT NOT NULL,
        delivered_at BIGINT,
        status BIGINT,
        problem TEXT
      )
      """,
      "CREATE INDEX notification_deliveries_due ON notification_deliveries (state, next_at)",
      "CREATE INDEX notification_deliveries_by_time ON notification_deliveries (created_at)",
      "CREATE INDEX notification_deliveries_by_alert ON notification_deliveries (alert)",
      "CREATE TABLE notification_position (sequence BIGINT NOT NULL)",
      "INSERT INTO notification_position (sequence) SELECT COALESCE(MAX(sequence), 0) FROM ledger_entries",
    ])
}
