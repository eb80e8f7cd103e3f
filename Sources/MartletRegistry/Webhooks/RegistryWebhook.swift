package import MartletCore

package enum WebhookKind {}
package typealias WebhookID = Identifier<WebhookKind>

/// Somebody outside who is told of what happens in the registry.
package struct RegistryWebhook: Sendable, Hashable {
  package enum Status: String, Sendable, Hashable, CaseIterable {
    case active = "ACTIVE"
    case disabled = "DISABLED"
  }

  package var id: WebhookID
  package var name: String
  /// An https address, or an http one of a host that the server's administrator allows.
  package var url: String
  /// Not empty, each once, in the order in which they were named.
  package var events: [RegistryEvent]
  package var description: String?
  package var status: Status
  /// Whether messages are signed. The secret itself is never shown.
  package var isSigned: Bool
  package var creationTime: Timestamp
  package var lastUpdateTime: Timestamp
}

/// A webhook to be created.
package struct NewWebhook: Sendable {
  package var name: String
  package var url: String
  package var events: [RegistryEvent]
  package var description: String?
  package var status: RegistryWebhook.Status
  /// The key that messages are signed with; nil or empty: they are not signed.
  package var secret: String?

  package init(
    name: String, url: String, events: [RegistryEvent], description: String? = nil,
    status: RegistryWebhook.Status = .active, secret: String? = nil
  ) {
    self.name = name
    self.url = url
    self.events = events
    self.description = description
    self.status = status
    self.secret = secret
  }
}

/// What is to be changed; nil leaves as it is.
package struct WebhookChange: Sendable {
  package var name: String?
  package var url: String?
  package var events: [RegistryEvent]?
  package var description: String?
  package var status: RegistryWebhook.Status?
  /// Empty takes the secret away.
  package var secret: String?

  package init(
    name: String? = nil, url: String? = nil, events: [RegistryEvent]? = nil, description: String? = nil,
    status: RegistryWebhook.Status? = nil, secret: String? = nil
  ) {
    self.name = name
    self.url = url
    self.events = events
    self.description = description
    self.status = status
    self.secret = secret
  }
}

/// What came of a message that was sent for a test.
package struct WebhookTestResult: Sendable, Hashable {
  package var isDelivered: Bool
  /// What the receiver answered; nil when there was no answer.
  package var status: Int?
  /// The beginning of the answer's body.
  package var body: String?
  /// Why there was no answer.
  package var problem: String?

  package init(isDelivered: Bool, status: Int? = nil, body: String? = nil, problem: String? = nil) {
    self.isDelivered = isDelivered
    self.status = status
    self.body = body
    self.problem = problem
  }
}
