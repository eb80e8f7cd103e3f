import Logging
import MartletCore
import MartletMonitoring

/// The ways in which a notification leaves: the server's log, a webhook whose address is a secret, or one of the
/// registry's webhooks.
struct NotificationChannels: Sendable {
  let secrets: SecretStore
  let client: OutboundClient
  let registry: RegistryWebhookSender
  let clock: WallClock
  let logger: Logger

  /// One attempt; it ends within some ten seconds.
  ///
  /// - Parameter base: the server's own address, for links.
  func attempt(_ delivery: NotificationDelivery, base: String) async -> NotificationAttempt {
    do {
      if delivery.destination.hasPrefix(NotificationDelivery.registryPrefix) {
        return try await registry.attempt(delivery)
      }
      guard let secret = Self.secret(of: delivery.destination) else {
        let text = delivery.notification.body(base: base)["text"]?.string ?? ""
        logger.notice("\(text)", metadata: ["notification": "\(delivery.id)"])
        return .delivered(status: nil)
      }
      let status = try await post(delivery, secret, base)
      if (200..<300).contains(status) { return .delivered(status: status) }
      return .failed(status: status, problem: "the receiver answered \(status)")
    } catch {
      let error = MartletError(error, doing: "the notification could not be sent")
      let problem = error.message + (error.cause.map { ": \($0)" } ?? "") + (error.fix.map { "; \($0)" } ?? "")
      return error.code == .permissionDenied ? .refused(problem: problem) : .failed(status: nil, problem: problem)
    }
  }

  private func post(_ delivery: NotificationDelivery, _ secret: String, _ base: String) async throws -> Int {
    let url = try await secrets.value(secret)
    let key = try await secrets.find(secret + "-key")
    let body = delivery.notification.body(base: base).bytes
    let headers = try WebhookSignature.headers(id: delivery.id.text, at: clock.now, body: body, key: key)
    return try await client.post(body, headers: headers, to: url)
  }

  /// `oncall` of `webhook:secret:oncall`; nil for the log.
  private static func secret(of destination: String) -> String? {
    let prefix = "webhook:secret:"
    return destination.hasPrefix(prefix) ? String(destination.dropFirst(prefix.count)) : nil
  }
}
