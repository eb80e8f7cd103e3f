import MartletCore
import MartletLedger
import MartletStore
import MartletTesting
import Testing

@testable import MartletMonitoring

private let june = Timestamp(year: 2013, month: 6, day: 1)

private func notification(_ event: String = "drift", alert: AlertID? = "a1") -> Notification {
  Notification(
    event: event, project: "tiny", subject: "endpoint:tiny", severity: .warn, reason: "psi is 0.4", owner: "ops",
    eventTime: june, alert: alert, page: "/alerts?all=1#a1")
}

@Suite("Outbox of notifications") struct NotificationOutboxTests {
  private static func with(
    _ kind: TestDatabase.Kind, retry: NotificationRetry = NotificationRetry(),
    _ body: (NotificationOutbox, any Database) async throws -> Void
  ) async throws {
    let database = try await kind.open()
    do {
      try await body(NotificationOutbox(database: database, retry: retry), database)
    } catch {
      await database.close()
      throw error
    }
    await database.close()
  }

  @Test("Deliveries and the place in the ledger are written together, once", arguments: TestDatabase.kinds)
  func add(kind: TestDatabase.Kind) async throws {
    try await Self.with(kind) { outbox, _ in
      #expect(try await outbox.position() == 0)
      try await outbox.add([(notification(), "log"), (notification(), "webhook:secret:a")], from: 0, to: 7, at: june)
      #expect(try await outbox.position() == 7)
      let error = await #expect(throws: MartletError.self) {
        try await outbox.add([(notification(), "log")], from: 0, to: 9, at: june)
      }
      #expect(error?.code == .conflict)
      #expect(try await outbox.position() == 7)
      let stored = try await outbox.deliveries()
      #expect(stored.map(\.destination).sorted() == ["log", "webhook:secret:a"])
      #expect(stored.allSatisfy { $0.state == .pending && $0.attempts == 0 && $0.notification == notification() })
      #expect(Set(stored.map(\.id)).count == 2)
      #expect(try await outbox.dueDestinations(at: june) == ["log", "webhook:secret:a"])
    }
  }

  @Test(
    "What is done is forgotten after thirty days, but the last ones of each destination", arguments: TestDatabase.kinds)
  func forgetting(kind: TestDatabase.Kind) async throws {
    try await Self.with(kind) { outbox, database in
      let kept = NotificationOutbox.keptOfEach
      var position: Int64 = 0
      func send(_ count: Int, to destination: String, at time: Timestamp, done: Bool = true) async throws {
        for number in 0..<count {
          let time = time + .seconds(number)
          try await outbox.add([(notification(), destination)], from: position, to: position + 1, at: time)
          position += 1
          guard done, let next = try await outbox.next(to: destination, at: time) else { continue }
          try await outbox.record(.delivered(status: 200), of: next.id, at: time, chance: 1)
        }
      }
      try await send(kept + 5, to: "busy", at: june)
      try await send(3, to: "waiting", at: june, done: false)
      try await send(2, to: "quiet", at: june)
      try await send(kept, to: "busy", at: june + .seconds(100_000))
      func left(_ destination: String) async throws -> Int {
        try await outbox.deliveries(destination: destination, limit: 10_000).count
      }
      try await outbox.forget(at: june + NotificationOutbox.kept)
      #expect(try await left("busy") == 2 * kept + 5, "not before their time")
      try await outbox.forget(at: june + NotificationOutbox.kept + .seconds(3))
      #expect(try await left("busy") == 2 * kept + 2)
      try await outbox.forget(at: june + NotificationOutbox.kept + .seconds(1_000_000))
      #expect(try await left("busy") == kept)
      #expect(try await left("quiet") == 2)
      #expect(try await left("waiting") == 3)
      let oldest = try await outbox.deliveries(destination: "busy", limit: 10_000).last
      #expect(oldest?.createdAt == june + .seconds(100_000))
    }
  }

  @Test("More than fit into one go are forgotten", arguments: TestDatabase.kinds)
  func forgettingMany(kind: TestDatabase.Kind) async throws {
    try await Self.with(kind) { outbox, database in
      let many = (0..<2500).map { _ in (notification(), "log") }
      try await outbox.add(many, from: 0, to: 1, at: june)
      let newer = (0..<NotificationOutbox.keptOfEach).map { _ in (notification(), "log") }
      try await outbox.add(newer, from: 1, to: 2, at: june + .seconds(1))
      try await database.write { try $0.execute("UPDATE notification_deliveries SET state = 'delivered'") }
      try await outbox.forget(at: june + .seconds(100 * 86_400))
      #expect(try await outbox.deliveries(limit: 10_000).count == NotificationOutbox.keptOfEach)
    }
  }

  @Test("A database with a history tells nobody of it", arguments: TestDatabase.kinds)
  func history(kind: TestDatabase.Kind) async throws {
    let migrations = Migration.all
    let database = try await DatabaseOpener.open(
      url: try await kind.newURL(), migrations: Array(migrations.prefix { $0.name != "notifications" }))
    try await database.write { connection in
      try Ledger.append(LedgerEntry(action: "a", object: "b"), by: .martlet, at: june, in: connection)
    }
    _ = try await Ledger(database: database).seal()
    try await database.write { connection in
      for statement in migrations.first(where: { $0.name == "notifications" })?.statements ?? [] {
        try connection.execute(statement)
      }
    }
    #expect(try await NotificationOutbox(database: database).position() == 1)
    await database.close()
  }

  @Test(
    "What fails is tried again later and later, then given up, recorded and in the ledger",
    arguments: TestDatabase.kinds)
  func failing(kind: TestDatabase.Kind) async throws {
    let retry = NotificationRetry(attempts: 3, firstPause: .seconds(2), longestPause: .seconds(3600))
    try await Self.with(kind, retry: retry) { outbox, database in
      try await outbox.add([(notification(), "webhook:secret:a")], from: 0, to: 1, at: june)
      let id = try #require(try await outbox.next(to: "webhook:secret:a", at: june)?.id)
      let down = NotificationAttempt.failed(status: 500, problem: "the receiver answered 500")
      let first = try await outbox.record(down, of: id, at: june, chance: 1)
      #expect(first.state == .pending && first.attempts == 1 && first.nextAt == june + .seconds(2))
      #expect(try await outbox.next(to: "webhook:secret:a", at: june + .seconds(1)) == nil)
      #expect(try await outbox.dueDestinations(at: june + .seconds(1)).isEmpty)
      #expect(try await outbox.next(to: "webhook:secret:a", at: june + .seconds(2))?.id == id)
      let second = try await outbox.record(down, of: id, at: june + .seconds(2), chance: 0)
      #expect(second.nextAt == june + .seconds(4))
      let last = try await outbox.record(down, of: id, at: june + .seconds(4), chance: 0)
      #expect(last.state == .failed && last.attempts == 3 && last.status == 500)
      #expect(try await outbox.dueDestinations(at: june + .seconds(99_999)).isEmpty)
      #expect(try await outbox.deliveries(state: .failed).map(\.problem) == ["the receiver answered 500"])
      let entries = try await Ledger(database: database).entries().items
      #expect(entries.map(\.entry.action) == ["notification.failed"])

      let again = try await outbox.retry(id, by: Author(name: "ada", role: "devops"), at: june + .seconds(9))
      #expect(again.state == .pending && again.attempts == 0)
      try await outbox.record(.delivered(status: 204), of: id, at: june + .seconds(10), chance: 0)
      let delivered = try await outbox.delivery(id)
      #expect(delivered.state == .delivered && delivered.deliveredAt == june + .seconds(10))
      #expect(delivered.problem == nil && delivered.status == 204)
      await #expect(throws: MartletError.self) { try await outbox.retry(id, by: .martlet, at: june) }
    }
  }

  @Test("A refused address is not tried again", arguments: TestDatabase.kinds)
  func refused(kind: TestDatabase.Kind) async throws {
    try await Self.with(kind) { outbox, database in
      try await outbox.add([(notification(), "webhook:secret:a")], from: 0, to: 1, at: june)
      let id = try #require(try await outbox.deliveries().first?.id)
      let delivery = try await outbox.record(.refused(problem: "not public"), of: id, at: june, chance: 0)
      #expect(delivery.state == .refused && delivery.attempts == 1)
      #expect(try await outbox.dueDestinations(at: june + .seconds(99_999)).isEmpty)
      let entries = try await Ledger(database: database).entries().items
      #expect(entries.map(\.entry.action) == ["notification.refused"])
    }
  }

  @Test("The oldest goes first, and lists can be narrowed", arguments: TestDatabase.kinds)
  func order(kind: TestDatabase.Kind) async throws {
    try await Self.with(kind) { outbox, _ in
      try await outbox.add([(notification("drift"), "log")], from: 0, to: 1, at: june + .seconds(5))
      try await outbox.add([(notification("quality", alert: nil), "log")], from: 1, to: 2, at: june)
      let now = june + .seconds(9)
      #expect(try await outbox.next(to: "log", at: now)?.notification.event == "quality")
      #expect(try await outbox.deliveries().map(\.notification.event) == ["drift", "quality"])
      #expect(try await outbox.deliveries(alert: "a1").map(\.notification.event) == ["drift"])
      #expect(try await outbox.deliveries(project: "other").isEmpty)
      #expect(try await outbox.deliveries(limit: 1).count == 1)
      await #expect(throws: MartletError.self) { try await outbox.delivery("nothing") }
    }
  }

  @Test("Pauses double from 2 seconds to an hour, and end after 15 attempts in about four hours")
  func pauses() throws {
    let retry = NotificationRetry()
    let whole = (1..<15).compactMap { retry.pause(after: $0, chance: 1) }
    #expect(whole.prefix(4) == [.seconds(2), .seconds(4), .seconds(8), .seconds(16)])
    #expect(whole.count == 14 && whole.last == .seconds(3600))
    #expect(whole.reduce(.zero, +) > .seconds(3.5 * 3600) && whole.reduce(.zero, +) < .seconds(4.5 * 3600))
    #expect(retry.pause(after: 15, chance: 1) == nil)
    #expect(retry.pause(after: 3, chance: 0) == .seconds(4) && retry.pause(after: 3, chance: 0.5) == .seconds(6))
  }

  @Test("The body tells the whole story, in one line as well")
  func body() throws {
    let body = notification().body(base: "http://127.0.0.1:5000")
    #expect(body["event"] == "drift" && body["project"] == "tiny" && body["alert_id"] == "a1")
    #expect(body["link"] == "http://127.0.0.1:5000/alerts?all=1#a1")
    #expect(body["event_time"] == "2013-06-01T00:00:00.000Z" && body["owner"] == "ops")
    #expect(body["text"] == "tiny · drift (warn): psi is 0.4 http://127.0.0.1:5000/alerts?all=1#a1")
    #expect(notification(alert: nil).body(base: "")["alert_id"] == nil)
  }
}
