import Logging
import MartletCore
import MartletGovernance
import MartletLedger
import MartletMonitoring
import MartletPipelines
import MartletStore
import MartletTesting
import Synchronization
import Testing

@testable import MartletLifecycle

private let everything = """
  martlet: 1
  project: tiny
  charter: {problem: p, owner: owner@example.com}
  steps: {a: {run: "true"}, b: {run: "exit 3"}}
  notify:
    - {events: [run.failed, gate.failed, data.quarantined, drift], to: "webhook:secret:oncall"}
    - {events: [run.failed, run.succeeded], to: log}
  """

/// What was sent, and what is answered to it.
private final class Receiver: Sendable {
  private let state = Mutex<(sent: [NotificationDelivery], answers: [NotificationAttempt])>(([], []))

  var sent: [NotificationDelivery] { state.withLock { $0.sent } }

  func answer(_ answers: NotificationAttempt...) { state.withLock { $0.answers += answers } }

  func take(_ delivery: NotificationDelivery) -> NotificationAttempt {
    state.withLock { state in
      state.sent.append(delivery)
      return state.answers.isEmpty ? .delivered(status: 200) : state.answers.removeFirst()
    }
  }
}

@Suite("Notifications", .timeLimit(.minutes(2))) struct NotificationDispatcherTests {
  private func dispatcher(_ harness: LoopHarness, _ receiver: Receiver, base: String? = "http://me")
    -> NotificationDispatcher
  {
    NotificationDispatcher(
      platform: harness.platform, attempt: { delivery, _ in receiver.take(delivery) }, base: { base },
      chance: { 1 }, logger: Logger(label: "test"))
  }

  private func raise(_ harness: LoopHarness, _ kind: String, _ key: String = "k") async throws -> Alert {
    try await harness.platform.alerts.raise(
      project: "tiny", subject: "endpoint:tiny", kind: kind, severity: .warn, owner: "ops", reason: "it moved",
      key: key, at: june)
  }

  private func told(_ harness: LoopHarness) async throws -> [String] {
    try await harness.platform.notifications.deliveries(limit: 1000).map {
      "\($0.notification.event) → \($0.destination)"
    }.sorted()
  }

  @Test(
    "Those named are told of what they named, once for an alert however often it is seen", arguments: TestDatabase.kinds
  )
  func named(kind: TestDatabase.Kind) async throws {
    try await LoopHarness.with(kind) { harness in
      try await harness.put(everything)
      let dispatcher = dispatcher(harness, Receiver())
      let alert = try await raise(harness, "drift")
      for _ in 0..<3 { _ = try await raise(harness, "drift") }
      _ = try await raise(harness, "service", "s")
      _ = try await harness.platform.ledger.seal()
      try await dispatcher.spread()
      #expect(try await told(harness) == ["drift → webhook:secret:oncall"], "nobody named 'service'")
      let notification = try #require(try await harness.platform.notifications.deliveries().first?.notification)
      #expect(notification.alert == alert.id && notification.owner == "ops" && notification.reason == "it moved")
      #expect(notification.page == "/alerts?all=1#\(alert.id)" && notification.severity == .warn)

      _ = try await harness.platform.alerts.move(alert.id, to: .acknowledged, reason: nil, by: ada, at: june)
      _ = try await raise(harness, "drift")
      _ = try await harness.platform.ledger.seal()
      try await dispatcher.spread()
      #expect(try await told(harness).count == 1, "somebody is on it")
      _ = try await harness.platform.alerts.move(alert.id, to: .resolved, reason: nil, by: ada, at: june)
      _ = try await raise(harness, "drift")
      _ = try await harness.platform.ledger.seal()
      try await dispatcher.spread()
      #expect(try await told(harness).count == 2, "what comes back is told again")
    }
  }

  @Test("Runs, gates and quarantine are told; what is of another project or was before the project is not")
  func events() async throws {
    try await LoopHarness.with { harness in
      try await harness.put(everything)
      let (runner, loop) = (harness.commands().runner, harness.loop())
      let run = try #require(try await runner.start(.init(project: "tiny", targets: ["a"], author: ada)).run)
      _ = try await runner.wait(run.id)
      let failed = try #require(
        try await loop.runner.start(.init(project: "tiny", targets: ["b"], author: ada)).run)
      _ = try await loop.runner.wait(failed.id)
      let gate = try Gate.evaluate("quality", lines: ["roc_auc > 0.8"], facts: GateFacts(candidate: ["roc_auc": 0.7]))
      try await harness.platform.gates.record(gate, on: "run:r1", of: "tiny", by: ada, at: june)
      try await harness.platform.gates.record(gate, on: "run:r2", of: "other", by: ada, at: june)
      try await harness.platform.gates.record(gate, on: "run:r3", by: ada, at: june)
      _ = try await raise(harness, "data")
      _ = try await harness.platform.ledger.seal()
      try await dispatcher(harness, Receiver()).spread()
      #expect(
        try await told(harness) == [
          "data.quarantined → webhook:secret:oncall", "gate.failed → webhook:secret:oncall", "run.failed → log",
          "run.failed → webhook:secret:oncall", "run.succeeded → log",
        ])
      let stored = try await harness.platform.notifications.deliveries()
      let refusal = try #require(stored.first { $0.notification.event == "gate.failed" }?.notification)
      #expect(refusal.reason == "the gate 'quality' refuses: roc_auc is 0.7, not above 0.8")
      #expect(refusal.owner == "owner@example.com" && refusal.page == "/runs/r1" && refusal.subject == "run:r1")
      let failure = try #require(stored.first { $0.notification.event == "run.failed" }?.notification)
      #expect(failure.severity == .error && failure.alert != nil && failure.subject == "pipeline-run:\(failed.id)")
      let success = try #require(stored.first { $0.notification.event == "run.succeeded" }?.notification)
      #expect(success.severity == .info && success.page == "/pipelines/\(run.id)")
    }
  }

  @Test("A message is sent until it is taken, one at a time for each destination, oldest first")
  func sending() async throws {
    try await LoopHarness.with { harness in
      try await harness.put(everything)
      let receiver = Receiver()
      let dispatcher = dispatcher(harness, receiver)
      let first = try await raise(harness, "drift", "1")
      harness.time.now = june + .seconds(1)
      let second = try await raise(harness, "drift", "2")
      _ = try await harness.platform.ledger.seal()
      try await dispatcher.spread()
      receiver.answer(.failed(status: 503, problem: "the receiver answered 503"))
      await dispatcher.send(to: "webhook:secret:oncall")
      // Both came in one go and have the same time: which of them failed is the id's business.
      #expect(Set(receiver.sent.map(\.notification.alert)) == [first.id, second.id])
      let failed = receiver.sent[0]
      #expect(try await harness.platform.notifications.delivery(failed.id).state == .pending)
      await dispatcher.send(to: "webhook:secret:oncall")
      #expect(receiver.sent.count == 2, "not before its time")
      harness.time.now = june + .seconds(4)
      await dispatcher.send(to: "webhook:secret:oncall")
      #expect(receiver.sent.map(\.id) == [failed.id, receiver.sent[1].id, failed.id], "under the same id")
      #expect(try await harness.platform.notifications.deliveries(state: .delivered).count == 2)
    }
  }

  @Test("Nothing is sent before the server knows its own address, and nothing is lost by that")
  func unannounced() async throws {
    try await LoopHarness.with { harness in
      try await harness.put(everything)
      _ = try await raise(harness, "drift")
      _ = try await harness.platform.ledger.seal()
      let receiver = Receiver()
      try await dispatcher(harness, receiver, base: nil).spread()
      await dispatcher(harness, receiver, base: nil).send(to: "webhook:secret:oncall")
      #expect(receiver.sent.isEmpty)
      await dispatcher(harness, receiver).send(to: "webhook:secret:oncall")
      #expect(receiver.sent.count == 1)
    }
  }

  @Test("A failed run whose server died before it could say so is reported by the next one, once")
  func unreported() async throws {
    try await LoopHarness.with { harness in
      try await harness.put(everything)
      let loop = harness.loop()
      let run = try #require(try await loop.runner.start(.init(project: "tiny", targets: ["b"], author: ada)).run)
      _ = try await loop.runner.wait(run.id)
      let logger = Logger(label: "test")
      try await harness.loop().reportUnreported(logger: logger)
      #expect(try await harness.platform.alerts.alerts().map(\.occurrences) == [1], "it is reported already")
      try await harness.database.write { try $0.execute("DELETE FROM alerts") }
      try await harness.loop().reportUnreported(logger: logger)
      try await harness.loop().reportUnreported(logger: logger)
      let alerts = try await harness.platform.alerts.alerts()
      #expect(alerts.map(\.subject) == ["pipeline-run:\(run.id)"] && alerts[0].occurrences == 1)
    }
  }

  @Test("The running service delivers, forgets what is long done, and ends when it is cancelled")
  func service() async throws {
    try await LoopHarness.with { harness in
      try await harness.put(everything)
      let outbox = harness.platform.notifications
      let old = june - NotificationOutbox.kept - .seconds(60)
      for (second, count) in [(0, 1), (1, NotificationOutbox.keptOfEach)] {
        let position = try await outbox.position()
        let long = Notification(
          event: "drift", project: "tiny", subject: "s", severity: .info, reason: "long ago", eventTime: old, page: "/")
        try await outbox.add(
          Array(repeating: (long, "log"), count: count), from: position, to: position, at: old + .seconds(second))
      }
      try await harness.database.write { try $0.execute("UPDATE notification_deliveries SET state = 'delivered'") }
      _ = try await raise(harness, "drift")
      _ = try await harness.platform.ledger.seal()
      let receiver = Receiver()
      let running = Task { await dispatcher(harness, receiver).run() }
      while receiver.sent.isEmpty { await Task.yield() }
      running.cancel()
      await running.value
      #expect(receiver.sent.count == 1)
      #expect(try await outbox.deliveries(destination: "log").count == NotificationOutbox.keptOfEach)
    }
  }
}
