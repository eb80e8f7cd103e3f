import HTTPTypes
import MartletAccess
import MartletCore
import MartletLifecycle
import MartletMonitoring
import MartletRegistry

/// Those outside who are told of what happens in the registry.
struct WebhookRoutes: APIRoutes {
  let webhooks: RegistryWebhooks
  let sender: RegistryWebhookSender
  let outbox: NotificationOutbox

  var routes: [APIRoute] { [list, create, get, update, delete, test, deliveries] }

  private var list: APIRoute {
    APIRoute(
      .get, "/webhooks", "listWebhooks", "Webhooks of the registry, newest first",
      needs: .to(.policies, on: .everywhere),
      query: APIParameter.paging,
      response: .json(.page(of: Self.webhook))
    ) { request in
      .page(try await webhooks.webhooks(limit: request.limit, pageToken: request.pageToken), Self.json)
    }
  }

  private var create: APIRoute {
    APIRoute(
      .post, "/webhooks", "createWebhook", "Tell an address of what happens in the registry",
      needs: .to(.policies, on: .everywhere),
      body: .json(.object(Self.members, required: ["name", "url", "events"])), response: .created(Self.webhook)
    ) { request in
      let body = request.json
      let new = NewWebhook(
        name: body["name"]?.string ?? "", url: body["url"]?.string ?? "", events: try Self.events(body) ?? [],
        description: body["description"]?.string, status: Self.status(body) ?? .active,
        secret: body["secret"]?.string)
      return .json(Self.json(try await webhooks.create(new, by: request.author)))
    }
  }

  private var get: APIRoute {
    APIRoute(
      .get, "/webhooks/{webhook}", "getWebhook", "One webhook", needs: .to(.policies, on: .everywhere),
      response: .json(Self.webhook)
    ) { request in
      .json(Self.json(try await webhooks.webhook(try request.identifier("webhook"))))
    }
  }

  private var update: APIRoute {
    APIRoute(
      .put, "/webhooks/{webhook}", "updateWebhook",
      "Change what is named; the rest stays. An empty secret takes it away", needs: .to(.policies, on: .everywhere),
      body: .json(.object(Self.members)), response: .json(Self.webhook)
    ) { request in
      let body = request.json
      let change = WebhookChange(
        name: body["name"]?.string, url: body["url"]?.string, events: try Self.events(body),
        description: body["description"]?.string, status: Self.status(body), secret: body["secret"]?.string)
      let changed = try await webhooks.update(try request.identifier("webhook"), change, by: request.author)
      return .json(Self.json(changed))
    }
  }

  private var delete: APIRoute {
    APIRoute(
      .delete, "/webhooks/{webhook}", "deleteWebhook", "Tell it nothing any more",
      needs: .to(.policies, on: .everywhere),
      response: .noContent
    ) { request in
      try await webhooks.delete(try request.identifier("webhook"), by: request.author)
      return .empty
    }
  }

  private var test: APIRoute {
    APIRoute(
      .post, "/webhooks/{webhook}/test", "testWebhook", "Send an example, once and at once",
      needs: .to(.policies, on: .everywhere),
      body: .optionalJSON(.object(["event": Self.event])), response: .json(Self.result)
    ) { request in
      let event = try request.json["event"]?.string.map { try RegistryEvent(written: $0) }
      let result = try await sender.test(try request.identifier("webhook"), event)
      var json: [String: JSON] = ["delivered": .boolean(result.isDelivered)]
      json["status"] = result.status.map { .integer(Int64($0)) }
      json["body"] = result.body.map(JSON.string)
      json["problem"] = result.problem.map(JSON.string)
      return .json(.object(json))
    }
  }

  private var deliveries: APIRoute {
    APIRoute(
      .get, "/webhook-deliveries", "listWebhookDeliveries", "Messages to webhooks and what came of each, newest first",
      needs: .to(.policies, on: .everywhere),
      query: [
        APIParameter("webhook", .text, "only to this webhook"), APIParameter("state", Self.state, "only in this state"),
        APIParameter("limit", .integer(minimum: 1, maximum: 1000), "at most this many, 100 unless told"),
      ], response: .json(.page(of: Self.delivery))
    ) { request in
      let found = try await outbox.deliveries(
        state: request.text(query: "state").flatMap { .init(rawValue: $0) },
        destination: request.text(query: "webhook").map { NotificationDelivery.registryPrefix + $0 }, registry: true,
        limit: request.limit)
      return .items(found.map(Self.json))
    }
  }

  // MARK: - Shapes

  private static func events(_ body: JSON) throws -> [RegistryEvent]? {
    try body["events"]?.array.map { try $0.map { try RegistryEvent(written: $0.string ?? "") } }
  }

  private static func status(_ body: JSON) -> RegistryWebhook.Status? {
    body["status"]?.string.flatMap { RegistryWebhook.Status(rawValue: $0.uppercased()) }
  }

  private static func json(_ webhook: RegistryWebhook) -> JSON {
    var json: [String: JSON] = [
      "id": .string(webhook.id.text), "name": .string(webhook.name), "url": .string(webhook.url),
      "events": .array(webhook.events.map { .string($0.description) }),
      "status": .string(webhook.status.rawValue.lowercased()), "signed": .boolean(webhook.isSigned),
      "created": .string(webhook.creationTime.description), "updated": .string(webhook.lastUpdateTime.description),
    ]
    json["description"] = webhook.description.map(JSON.string)
    return .object(json)
  }

  private static func json(_ delivery: NotificationDelivery) -> JSON {
    var json: [String: JSON] = [
      "id": .string(delivery.id.text), "event": .string(delivery.notification.event),
      "subject": .string(delivery.notification.subject),
      "webhook": .string(String(delivery.destination.dropFirst(NotificationDelivery.registryPrefix.count))),
      "state": .string(delivery.state.rawValue), "attempts": .integer(Int64(delivery.attempts)),
      "created": .string(delivery.createdAt.description), "body": delivery.notification.body(base: ""),
    ]
    json["status"] = delivery.status.map { .integer(Int64($0)) }
    json["problem"] = delivery.problem.map(JSON.string)
    json["delivered"] = delivery.deliveredAt.map { .string($0.description) }
    if delivery.state == .pending { json["next_attempt"] = .string(delivery.nextAt.description) }
    return .object(json)
  }

  private static let event = APISchema.string(oneOf: RegistryEvent.all.map(\.description))
  private static let state = APISchema.string(oneOf: NotificationDelivery.State.allCases.map(\.rawValue))
  private static let members: [String: APISchema] = [
    "name": .text, "url": .text, "events": .array(event), "description": .text,
    "status": .string(oneOf: ["active", "disabled"]), "secret": .string(description: "signs messages; never shown"),
  ]
  private static let webhook = APISchema.named(
    "Webhook",
    .object(
      [
        "id": .text, "name": .text, "url": .text, "events": .array(event), "description": .text, "status": .text,
        "signed": .boolean, "created": .time, "updated": .time,
      ], required: ["id", "name", "url", "events", "status", "signed"]))
  private static let delivery = APISchema.named(
    "WebhookDelivery",
    .object(
      [
        "id": .text, "event": .text, "subject": .text, "webhook": .text, "state": state, "attempts": .count,
        "status": .integer(), "problem": .text, "created": .time, "next_attempt": .time, "delivered": .time,
        "body": .any,
      ], required: ["id", "event", "webhook", "state", "attempts", "created"]))
  private static let result = APISchema.object(
    ["delivered": .boolean, "status": .integer(), "body": .text, "problem": .text], required: ["delivered"])
}
