import Hummingbird
import MartletCore
import MartletRegistry

/// MLflow's webhooks (protos/webhooks.proto). A secret goes in and never comes out.
extension MLflowRoutes {
  func addWebhookRoutes(to endpoints: Endpoints<Context>) {
    let (webhooks, test) = (webhooks.registry, webhooks.test)
    endpoints.post("webhooks", needs: .policies) { call in
      let fields = call.fields
      let webhook = try await webhooks.create(
        NewWebhook(
          name: try fields.required("name"), url: try fields.required("url"),
          events: try fields.webhookEvents() ?? [], description: try fields.optional("description"),
          status: try fields.webhookStatus() ?? .active, secret: try fields.optional("secret")), by: call.author)
      return .webhook(webhook)
    }
    endpoints.get("webhooks", needs: .policies) { call in
      let limit = try call.fields.limit("max_results", unlessGiven: 100)
      let page = try await webhooks.webhooks(
        limit: limit == 0 ? 100 : limit, pageToken: try call.fields.optional("page_token"))
      return .object { reply in
        reply.list("webhooks", page.items) { $0.write($1) }
        reply.field("next_page_token", page.nextToken)
      }
    }
    endpoints.get("webhooks/{webhook_id}", needs: .policies) { call in
      .webhook(try await webhooks.webhook(call.webhook))
    }
    endpoints.on(.patch, "webhooks/{webhook_id}", needs: .policies) { call in
      let fields = call.fields
      let change = WebhookChange(
        name: try fields.unlessEmpty("name"), url: try fields.unlessEmpty("url"), events: try fields.webhookEvents(),
        description: try fields.optional("description"), status: try fields.webhookStatus(),
        secret: try fields.optional("secret"))
      return .webhook(try await webhooks.update(call.webhook, change, by: call.author))
    }
    endpoints.on(.delete, "webhooks/{webhook_id}", needs: .policies) { call in
      try await webhooks.delete(call.webhook, by: call.author)
      return .empty
    }
    endpoints.post("webhooks/{webhook_id}/test", needs: .policies) { call in
      let event = try call.fields.object("event").map { try $0.webhookEvent() }
      let result = try await test(call.webhook, event)
      return .object { reply in reply.object("result") { $0.write(result) } }
    }
  }
}

extension WireCall {
  fileprivate var webhook: WebhookID { WebhookID(path["webhook_id"] ?? "") }
}

extension WireFields {
  fileprivate func unlessEmpty(_ name: String) throws -> String? {
    try optional(name).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// `events`; nil when there are none.
  fileprivate func webhookEvents() throws -> [RegistryEvent]? {
    let events = try objects("events").map { try $0.webhookEvent() }
    return events.isEmpty ? nil : events
  }

  /// `{"entity": "MODEL_VERSION", "action": "CREATED"}`, by name or by number.
  fileprivate func webhookEvent() throws -> RegistryEvent {
    let entities = [
      "entity_unspecified", "registered_model", "model_version", "model_version_tag", "model_version_alias", "prompt",
      "prompt_version", "prompt_tag", "prompt_version_tag", "prompt_alias", "budget_policy",
    ]
    let actions = ["action_unspecified", "created", "updated", "deleted", "set", "exceeded"]
    let (entity, action) = (try enumerated("entity", entities), try enumerated("action", actions))
    return try RegistryEvent(written: "\(entity).\(action)")
  }

  fileprivate func webhookStatus() throws -> RegistryWebhook.Status? {
    guard has("status") else { return nil }
    let text = try enumerated("status", ["unspecified", "active", "disabled"])
    guard let status = RegistryWebhook.Status(rawValue: text.uppercased()) else { throw unknown("status", text) }
    return status
  }

  /// One of protobuf's names, in lower case; numbers stand for names in their order.
  private func enumerated(_ name: String, _ names: [String]) throws -> String {
    if let number = try? integer(name) {
      guard names.indices.contains(Int(clamping: number)) else { throw unknown(name, String(number)) }
      return names[Int(number)]
    }
    let text = try required(name)
    guard let known = names.first(where: { $0.uppercased() == text }) else { throw unknown(name, text) }
    return known
  }

  private func unknown(_ name: String, _ value: String) -> MartletError {
    .invalidInput("Invalid value \"\(value.prefix(60))\" for parameter '\(name)' supplied.")
  }
}

extension WireWriter {
  fileprivate static func webhook(_ webhook: RegistryWebhook) -> WireWriter {
    .object { reply in reply.object("webhook") { $0.write(webhook) } }
  }

  fileprivate mutating func write(_ webhook: RegistryWebhook) {
    field("webhook_id", webhook.id.text)
    field("name", webhook.name)
    field("description", webhook.description.flatMap { $0.isEmpty ? nil : $0 })
    field("url", webhook.url)
    list("events", webhook.events) { writer, event in
      writer.field("entity", event.entity.rawValue.uppercased())
      writer.field("action", event.action.rawValue.uppercased())
    }
    field("status", webhook.status.rawValue)
    field("creation_timestamp", webhook.creationTime)
    field("last_updated_timestamp", webhook.lastUpdateTime)
  }

  fileprivate mutating func write(_ result: WebhookTestResult) {
    field("success", result.isDelivered)
    field("response_status", result.status.map { Int64($0) })
    field("response_body", result.body)
    field("error_message", result.problem)
  }
}
