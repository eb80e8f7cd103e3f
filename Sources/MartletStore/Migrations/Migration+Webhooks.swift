extension Migration {
  /// Those outside who are told of what happens in the registry. `events` are names with spaces between them; `secret`
  /// is sealed.
  static let webhooks = Migration(
    "webhooks",
    [
      """
      CREATE TABLE webhooks (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        url TEXT NOT NULL,
        events TEXT NOT NULL,
        description TEXT,
        status TEXT NOT NULL,
        secret TEXT,
        creation_time BIGINT NOT NULL,
        last_update_time BIGINT NOT NULL
      )
      """,
      "CREATE INDEX notification_deliveries_by_destination ON notification_deliveries (destination, created_at)",
    ])
}
