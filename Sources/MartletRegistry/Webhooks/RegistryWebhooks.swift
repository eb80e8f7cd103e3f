package import MartletCore
import MartletLedger
package import MartletStore

/// Those outside who are told of what happens in the registry.
///
/// Every change is written to the ledger in the same transaction, without the address and without the secret.
package struct RegistryWebhooks: Sendable {
  private let database: any Database
  private let clock: WallClock
  private let seal: SecretSeal
  private let checkAddress: @Sendable (String) throws -> Void

  /// - Parameter checkAddress: throws for an address to which this server never goes.
  package init(
    database: any Database, clock: WallClock, seal: SecretSeal,
    checkAddress: @escaping @Sendable (String) throws -> Void
  ) {
    self.database = database
    self.clock = clock
    self.seal = seal
    self.checkAddress = checkAddress
  }

  package func create(_ new: NewWebhook, by author: Author) async throws -> RegistryWebhook {
    let id = WebhookID.random()
    let now = clock.now
    try check(name: new.name, url: new.url, description: new.description, secret: new.secret)
    let sealed = try await sealed(new.secret, of: id)
    let webhook = RegistryWebhook(
      id: id, name: new.name, url: new.url, events: try WebhookRules.checked(new.events),
      description: new.description, status: new.status, isSigned: sealed != nil, creationTime: now,
      lastUpdateTime: now)
    return try await database.write { connection in
      try WebhookStore.insert(.init(webhook: webhook, sealed: sealed), in: connection)
      try Self.append("webhook.created", webhook, before: nil, by: author, at: now, connection)
      return webhook
    }
  }

  /// - Throws: `.notFound`, naming the webhook.
  package func webhook(_ id: WebhookID) async throws -> RegistryWebhook {
    try await database.read { try WebhookStore.get(id, in: $0).webhook }
  }

  /// Newest first.
  ///
  /// - Parameter limit: 1 … 1000
  package func webhooks(limit: Int = 100, pageToken: String? = nil) async throws -> Page<RegistryWebhook> {
    guard (1...1000).contains(limit) else {
      throw MartletError.invalidInput("max_results must be between 1 and 1000, but got \(limit).")
    }
    let offset = try PageToken(pageToken).offset
    let found = try await database.read { try WebhookStore.list(limit: limit + 1, offset: offset, in: $0) }
    return ModelRegistry.page(found, limit: limit, offset: offset)
  }

  package func update(_ id: WebhookID, _ change: WebhookChange, by author: Author) async throws -> RegistryWebhook {
    try check(name: change.name, url: change.url, description: change.description, secret: change.secret)
    let events = try change.events.map(WebhookRules.checked)
    let sealed = try await sealed(change.secret, of: id)
    let now = clock.now
    return try await database.write { connection in
      var row = try WebhookStore.get(id, in: connection)
      let before = Self.summary(of: row.webhook)
      row.webhook.take(change, events: events, at: now)
      if change.secret != nil { row.sealed = sealed }
      row.webhook.isSigned = row.sealed != nil
      try WebhookStore.update(row, in: connection)
      try Self.append("webhook.updated", row.webhook, before: before, by: author, at: now, connection)
      return row.webhook
    }
  }

  /// What is on its way to it is given up.
  package func delete(_ id: WebhookID, by author: Author) async throws {
    let now = clock.now
    try await database.write { connection in
      let webhook = try WebhookStore.get(id, in: connection).webhook
      try WebhookStore.delete(id, in: connection)
      try Ledger.append(
        LedgerEntry(action: "webhook.deleted", object: "webhook:\(id)", before: Self.summary(of: webhook)),
        by: author, at: now, in: connection)
    }
  }

  // MARK: - Telling

  /// Webhooks that were there, active and listening when something happened; by event.
  package func listeners(at time: Timestamp) async throws -> [RegistryEvent: [WebhookID]] {
    let active = try await database.read { try WebhookStore.active(in: $0) }
    var listeners: [RegistryEvent: [WebhookID]] = [:]
    for webhook in active where webhook.creationTime <= time {
      for event in webhook.events { listeners[event, default: []].append(webhook.id) }
    }
    return listeners
  }

  /// Where a message goes, and the key that it is signed with; nil when the webhook is gone.
  package func address(of id: WebhookID) async throws -> (webhook: RegistryWebhook, secret: String?)? {
    guard let row = try await database.read({ try WebhookStore.find(id, in: $0) }) else { return nil }
    var secret: String?
    if let sealed = row.sealed { secret = try await seal.open(sealed, of: id.text) }
    return (row.webhook, secret)
  }

  // MARK: - Parts

  private func check(name: String?, url: String?, description: String?, secret: String?) throws {
    if let name { try WebhookRules.checkName(name) }
    if let url {
      try WebhookRules.checkURL(url)
      try checkAddress(url)
    }
    try WebhookRules.checkLength(description, WebhookRules.longestDescription, "description")
    try WebhookRules.checkLength(secret, WebhookRules.longestSecret, "secret")
  }

  private func sealed(_ secret: String?, of id: WebhookID) async throws -> String? {
    guard let secret, !secret.isEmpty else { return nil }
    return try await seal.seal(secret, of: id.text)
  }

  private static func append(
    _ action: String, _ webhook: RegistryWebhook, before: JSON?, by author: Author, at now: Timestamp,
    _ connection: any SQLConnection
  ) throws {
    try Ledger.append(
      LedgerEntry(action: action, object: "webhook:\(webhook.id)", before: before, after: summary(of: webhook)),
      by: author, at: now, in: connection)
  }

  /// For most receivers the address is the credential, so the ledger keeps neither.
  private static func summary(of webhook: RegistryWebhook) -> JSON {
    [
      "name": .string(webhook.name), "events": .array(webhook.events.map { .string($0.description) }),
      "status": .string(webhook.status.rawValue), "signed": .boolean(webhook.isSigned),
    ]
  }
}

extension RegistryWebhook {
  fileprivate mutating func take(_ change: WebhookChange, events: [RegistryEvent]?, at now: Timestamp) {
    name = change.name ?? name
    url = change.url ?? url
    self.events = events ?? self.events
    description = change.description ?? description
    status = change.status ?? status
    lastUpdateTime = now
  }
}
