import Logging
import MartletCore
import MartletLedger
import MartletMonitoring
import MartletRegistry
import MartletStore
import MartletTesting
import Synchronization
import Testing

@testable import MartletLifecycle

@Suite("What webhooks are told of the registry", .timeLimit(.minutes(2))) struct RegistryEventTests {
  private func dispatcher(_ harness: LoopHarness) -> NotificationDispatcher {
    NotificationDispatcher(
      platform: harness.platform, attempt: { _, _ in .delivered(status: 200) }, base: { "http://me" },
      chance: { 1 }, logger: Logger(label: "test"))
  }

  /// The bodies of all messages, oldest change first.
  private func told(_ harness: LoopHarness) async throws -> [JSON] {
    _ = try await harness.platform.ledger.seal()
    try await dispatcher(harness).spread()
    let sent = try await harness.platform.notifications.deliveries(registry: true, limit: 1000)
    return sent.map { $0.notification.body(base: "") }.sorted {
      $0["timestamp"]?.string ?? "" < $1["timestamp"]?.string ?? ""
    }
  }

  private func listen(_ harness: LoopHarness) async throws -> RegistryWebhook {
    try await harness.platform.webhooks.create(
      NewWebhook(name: "all", url: "https://hooks.example/x", events: RegistryEvent.all), by: ada)
  }

  @Test("Each change of a model is told with what it was, in MLflow's shapes", arguments: TestDatabase.kinds)
  func models(kind: TestDatabase.Kind) async throws {
    try await LoopHarness.with(kind) { harness in
      _ = try await listen(harness)
      let registry = harness.platform.registry
      func later() { harness.time.now = harness.time.now + .seconds(1) }
      _ = try await registry.createModel("m@1", description: "d", tags: ["a": "b"], by: ada)
      later()
      let version = try await registry.createVersion(
        NewModelVersion(model: "m@1", source: "s3://b/m", run: "r1", tags: ["t": "u"]), by: ada)
      for value in ["one", "two"] {
        later()
        try await registry.setVersionTag("k", value, on: version.id, by: ada)
      }
      later()
      try await registry.deleteVersionTag("k", of: version.id, by: ada)
      later()
      try await registry.setAlias("champion", to: version.id, by: ada)
      later()
      try await registry.deleteAlias("champion", of: "m@1", by: ada)
      later()
      try await registry.setTag("not", "told", on: "m@1", by: ada)
      let bodies = try await told(harness)
      #expect(
        bodies.map { "\($0["entity"]?.string ?? "").\($0["action"]?.string ?? "")" } == [
          "registered_model.created", "model_version.created", "model_version_tag.set", "model_version_tag.set",
          "model_version_tag.deleted", "model_version_alias.created", "model_version_alias.deleted",
        ])
      #expect(
        bodies.map { $0["data"] } == [
          ["name": "m@1", "description": "d", "tags": ["a": "b"]],
          [
            "name": "m@1", "version": "1", "source": "s3://b/m", "run_id": "r1", "tags": ["t": "u"],
            "description": nil,
          ],
          ["name": "m@1", "version": "1", "key": "k", "value": "one"],
          ["name": "m@1", "version": "1", "key": "k", "value": "two"],
          ["name": "m@1", "version": "1", "key": "k"],
          ["name": "m@1", "version": "1", "alias": "champion"],
          ["name": "m@1", "alias": "champion"],
        ])
      #expect(bodies[0]["timestamp"] == "2013-06-01T00:00:00.000+00:00")
    }
  }

  @Test("Prompts are told as prompts, without the tags that only say that they are")
  func prompts() async throws {
    try await LoopHarness.with { harness in
      _ = try await listen(harness)
      let registry = harness.platform.registry
      let mark = ["mlflow.prompt.is_prompt": "true"]
      _ = try await registry.createModel("p", tags: mark.merging(["a": "b"]) { $1 }, by: ada)
      harness.time.now = harness.time.now + .seconds(1)
      let version = try await registry.createVersion(
        NewModelVersion(
          model: "p", source: "dummy-source", tags: mark.merging(["mlflow.prompt.text": "Hi {{x}}"]) { $1 }), by: ada)
      harness.time.now = harness.time.now + .seconds(1)
      try await registry.setTag("k", "v", on: "p", by: ada)
      harness.time.now = harness.time.now + .seconds(1)
      try await registry.setAlias("live", to: version.id, by: ada)
      let bodies = try await told(harness)
      #expect(bodies.map { $0["entity"] } == ["prompt", "prompt_version", "prompt_tag", "prompt_alias"])
      #expect(bodies[0]["data"] == ["name": "p", "tags": ["a": "b"], "description": ""])
      #expect(
        bodies[1]["data"] == ["name": "p", "version": "1", "template": "Hi {{x}}", "tags": [:], "description": nil])
    }
  }

  @Test(
    "A webhook is told only of what it asked for, once, and not of what was before it", arguments: TestDatabase.kinds)
  func asked(kind: TestDatabase.Kind) async throws {
    try await LoopHarness.with(kind) { harness in
      let (registry, webhooks) = (harness.platform.registry, harness.platform.webhooks)
      _ = try await registry.createModel("before", by: ada)
      harness.time.now = june + .seconds(5)
      let webhook = try await webhooks.create(
        NewWebhook(name: "w", url: "https://hooks.example/x", events: [.init(.registeredModel, .created)]), by: ada)
      harness.time.now = june + .seconds(6)
      _ = try await registry.createModel("after", by: ada)
      _ = try await registry.createVersion(NewModelVersion(model: "after", source: "s3://b/m"), by: ada)
      #expect(try await told(harness).map { $0["data"]?["name"] } == ["after"])
      #expect(try await told(harness).count == 1)
      let outbox = harness.platform.notifications
      #expect(try await outbox.deliveries(destination: "registry:\(webhook.id)", registry: true).count == 1)
      #expect(try await outbox.deliveries().isEmpty, "it is no project's notification")
    }
  }

  @Test("What is on its way to a webhook that is deleted or disabled is not sent")
  func gone() async throws {
    try await LoopHarness.with { harness in
      let webhook = try await listen(harness)
      _ = try await harness.platform.registry.createModel("m", by: ada)
      _ = try await told(harness)
      let sender = harness.platform.webhookSender
      let found = try await harness.platform.notifications.deliveries(registry: true).first
      let delivery = try #require(found)
      _ = try await harness.platform.webhooks.update(webhook.id, WebhookChange(status: .disabled), by: ada)
      #expect(try await sender.attempt(delivery) == .refused(problem: "the webhook has been disabled"))
      try await harness.platform.webhooks.delete(webhook.id, by: ada)
      #expect(try await sender.attempt(delivery) == .refused(problem: "the webhook has been deleted"))
    }
  }

  @Test("The signature is the one of MLflow's own function")
  func signature() {
    let headers = WebhookSignature.mlflowHeaders(
      id: "8f5a1c", at: Timestamp(milliseconds: 1_700_000_000_999), body: Array(#"{"a": 1}"#.utf8), secret: "s3cret")
    #expect(headers.map(\.name) == ["X-MLflow-Delivery-Id", "X-MLflow-Timestamp", "X-MLflow-Signature"])
    #expect(headers.map(\.value) == ["8f5a1c", "1700000000", "v1,u0fMphbClxzP7u2tMac23AtUnm03DA2dEF2dO4MXc9w="])
    #expect(WebhookSignature.mlflowHeaders(id: "1", at: june, body: [], secret: nil).count == 2)
    #expect(WebhookSignature.mlflowHeaders(id: "1", at: june, body: [], secret: "").count == 2)
  }

  @Test(
    "Addresses of webhooks are https, or ones that the administrator allows",
    arguments: [
      ("https://hooks.example/x", true), ("http://hooks.example/x", false), ("https://127.0.0.1/x", false),
      ("https://10.1.2.3", false), ("https://[::1]:8080/", false), ("https://localhost/x", false),
      ("https://a.localhost/x", false), ("http://127.0.0.1:9093/x", true), ("http://127.0.0.1:9094/x", false),
      ("https://8.8.8.8/x", true), ("ftp://hooks.example", false), ("hooks.example", false),
      ("http://hooks.internal/x", true), ("https://169.254.169.254/latest", false),
    ])
  func addresses(url: String, isAllowed: Bool) throws {
    let policy = try OutboundPolicy(reading: ["127.0.0.1:9093", "hooks.internal"])
    if isAllowed {
      try policy.check(webhook: url)
    } else {
      let error = #expect(throws: MartletError.self) { try policy.check(webhook: url) }
      #expect(error?.code == .invalidInput && error?.description.contains("/x") == false)
    }
  }
}
