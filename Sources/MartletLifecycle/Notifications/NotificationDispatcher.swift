package import Logging
import MartletCore
import MartletLedger
import MartletMonitoring

/// Turns ledger entries into deliveries, sends what is due and forgets what is long done, until its task is cancelled.
/// There is one in a server.
///
/// A delivery is sent at least once: what is not written down as sent when the server dies is sent again by the next
/// one, under the same id. Each destination gets one message at a time; a slow one holds up no other.
package struct NotificationDispatcher: Sendable {
  private let outbox: NotificationOutbox
  private let ledger: Ledger
  private let clock: WallClock
  private let source: NotificationSource
  private let registry: RegistryEventSource
  private let attempt: @Sendable (NotificationDelivery, _ base: String) async -> NotificationAttempt
  private let base: @Sendable () async -> String?
  private let chance: @Sendable () -> Double
  private let logger: Logger

  /// - Parameter base: the server's own address, for links; nothing is sent while it is nil.
  package init(platform: Platform, base: @escaping @Sendable () async -> String?, logger: Logger) {
    let channels = NotificationChannels(
      secrets: SecretStore(folder: platform.dataFolder + "/secrets"),
      client: OutboundClient(policy: platform.outbound), registry: platform.webhookSender, clock: platform.clock,
      logger: logger)
    self.init(
      platform: platform, attempt: { await channels.attempt($0, base: $1) }, base: base,
      chance: { Double.random(in: 0...1) }, logger: logger)
  }

  init(
    platform: Platform,
    attempt: @escaping @Sendable (NotificationDelivery, _ base: String) async -> NotificationAttempt,
    base: @escaping @Sendable () async -> String?, chance: @escaping @Sendable () -> Double, logger: Logger
  ) {
    (outbox, ledger, clock) = (platform.notifications, platform.ledger, platform.clock)
    source = NotificationSource(platform: platform, logger: logger)
    registry = RegistryEventSource(webhooks: platform.webhooks)
    (self.attempt, self.base, self.chance, self.logger) = (attempt, base, chance, logger)
  }

  /// Looks twice a second; returns when its task is cancelled. A failure (the database is away) is logged and tried
  /// again.
  package func run() async {
    let lanes = Lanes()
    var forgetting = clock.now
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        await tryToSpread()
        if clock.now >= forgetting {
          await tryToForget()
          forgetting = clock.now + Self.forgettingPause
        }
        do {
          for destination in try await dueDestinations() {
            guard await lanes.enter(destination) else { continue }
            group.addTask {
              await send(to: destination)
              await lanes.leave(destination)
            }
          }
        } catch {
          logger.warning("notifications could not be sent; trying again", metadata: ["cause": "\(error)"])
        }
        try? await Task.sleep(for: .milliseconds(500))
      }
    }
  }

  private func tryToSpread() async {
    do { try await spread() } catch {
      logger.warning("notifications could not be prepared; trying again", metadata: ["cause": "\(error)"])
    }
  }

  private static let forgettingPause = Duration.seconds(3600)

  private func tryToForget() async {
    do { try await outbox.forget(at: clock.now) } catch {
      logger.warning("old notifications could not be forgotten; trying again", metadata: ["cause": "\(error)"])
    }
  }

  /// Turns sealed entries that were not read yet into deliveries.
  func spread() async throws {
    while true {
      let from = try await outbox.position()
      let records = try await ledger.sealedEntries(after: from, limit: 500)
      guard let last = records.last?.sequence else { return }
      var found: [(notification: Notification, destination: String)] = []
      for record in records {
        let action = record.entry.action
        if NotificationSource.actions.contains(action) { found += try await source.notifications(of: record) }
        if RegistryEventSource.actions.contains(action) { found += try await registry.notifications(of: record) }
      }
      try await outbox.add(found, from: from, to: last, at: clock.now)
    }
  }

  private func dueDestinations() async throws -> [String] {
    guard await base() != nil else { return [] }
    return try await outbox.dueDestinations(at: clock.now)
  }

  /// Sends what is due for one destination, one after the other.
  func send(to destination: String) async {
    do {
      while let base = await base(), let next = try await outbox.next(to: destination, at: clock.now) {
        let result = await attempt(next, base)
        // A server that stops leaves what it was about to send to the next one.
        if Task.isCancelled { return }
        let delivery = try await outbox.record(result, of: next.id, at: clock.now, chance: chance())
        if let problem = delivery.problem, delivery.state != .pending {
          logger.error(
            "a notification was not delivered", metadata: ["destination": "\(destination)", "cause": "\(problem)"])
        }
      }
    } catch {
      logger.warning("notifications could not be sent; trying again", metadata: ["cause": "\(error)"])
    }
  }
}

/// Destinations that something is being sent to.
private actor Lanes {
  private static let most = 8
  private var busy: Set<String> = []

  /// False when it is busy already, or when as many as may be are.
  func enter(_ destination: String) -> Bool {
    guard busy.count < Self.most else { return false }
    return busy.insert(destination).inserted
  }

  func leave(_ destination: String) { busy.remove(destination) }
}
