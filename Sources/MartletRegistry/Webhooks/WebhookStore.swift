import MartletCore
import MartletStore

/// The SQL of webhooks.
enum WebhookStore {
  private static let columns =
    "id, name, url, events, description, status, secret, creation_time, last_update_time"

  /// A webhook and its sealed secret.
  struct Row {
    var webhook: RegistryWebhook
    var sealed: String?
  }

  static func insert(_ row: Row, in connection: any SQLConnection) throws {
    let webhook = row.webhook
    try connection.execute(
      "INSERT INTO webhooks (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [
        SQLValue(webhook.id), .text(webhook.name), .text(webhook.url), .text(text(of: webhook.events)),
        SQLValue(webhook.description), .text(webhook.status.rawValue), SQLValue(row.sealed),
        SQLValue(webhook.creationTime), SQLValue(webhook.lastUpdateTime),
      ])
  }

  static func update(_ row: Row, in connection: any SQLConnection) throws {
    let webhook = row.webhook
    try connection.execute(
      """
      UPDATE webhooks SET name = ?, url = ?, events = ?, description = ?, status = ?, secret = ?, last_update_time = ?
      WHERE id = ?
      """,
      [
        .text(webhook.name), .text(webhook.url), .text(text(of: webhook.events)), SQLValue(webhook.description),
        .text(webhook.status.rawValue), SQLValue(row.sealed), SQLValue(webhook.lastUpdateTime), SQLValue(webhook.id),
      ])
  }

  static func delete(_ id: WebhookID, in connection: any SQLConnection) throws {
    try connection.execute("DELETE FROM webhooks WHERE id = ?", [SQLValue(id)])
  }

  /// - Throws: `.notFound`, naming the webhook.
  static func get(_ id: WebhookID, in connection: any SQLConnection) throws -> Row {
    guard let found = try find(id, in: connection) else {
      throw MartletError.notFound("Webhook with ID '\(id.text.prefix(100))' not found.")
    }
    return found
  }

  static func find(_ id: WebhookID, in connection: any SQLConnection) throws -> Row? {
    try connection.first("SELECT \(columns) FROM webhooks WHERE id = ?", [SQLValue(id)], read)
  }

  /// Newest first.
  static func list(limit: Int, offset: Int, in connection: any SQLConnection) throws -> [RegistryWebhook] {
    try connection.rows(
      "SELECT \(columns) FROM webhooks ORDER BY creation_time DESC, id LIMIT ? OFFSET ?",
      [SQLValue(limit), SQLValue(offset)], read
    ).map(\.webhook)
  }

  static func active(in connection: any SQLConnection) throws -> [RegistryWebhook] {
    try connection.rows(
      "SELECT \(columns) FROM webhooks WHERE status = ? ORDER BY creation_time, id",
      [.text(RegistryWebhook.Status.active.rawValue)], read
    ).map(\.webhook)
  }

  private static func text(of events: [RegistryEvent]) -> String { events.map(\.description).joined(separator: " ") }

  private static func read(_ row: SQLRow) throws -> Row {
    let sealed = try row.optionalText(6)
    return Row(
      webhook: RegistryWebhook(
        id: try row.identifier(0), name: try row.text(1), url: try row.text(2),
        events: try row.text(3).split(separator: " ").compactMap { try? RegistryEvent(written: String($0)) },
        description: try row.optionalText(4), status: RegistryWebhook.Status(rawValue: try row.text(5)) ?? .disabled,
        isSigned: sealed != nil, creationTime: try row.time(7), lastUpdateTime: try row.time(8)), sealed: sealed)
  }
}
