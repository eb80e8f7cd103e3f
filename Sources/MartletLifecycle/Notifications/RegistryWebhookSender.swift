import MartletCore
import MartletMonitoring
package import MartletRegistry

/// Sends to the registry's webhooks, signed as MLflow signs.
package struct RegistryWebhookSender: Sendable {
  let webhooks: RegistryWebhooks
  let client: OutboundClient
  let clock: WallClock

  /// One attempt at a delivery.
  func attempt(_ delivery: NotificationDelivery) async throws -> NotificationAttempt {
    let id = WebhookID(String(delivery.destination.dropFirst(NotificationDelivery.registryPrefix.count)))
    guard let (webhook, secret) = try await webhooks.address(of: id) else {
      return .refused(problem: "the webhook has been deleted")
    }
    guard webhook.status == .active else { return .refused(problem: "the webhook has been disabled") }
    let body = delivery.notification.body(base: "").bytes
    let answer = try await post(body, id: delivery.id.text, to: webhook, secret)
    if (200..<300).contains(answer.status) { return .delivered(status: answer.status) }
    return .failed(status: answer.status, problem: "the receiver answered \(answer.status)")
  }

  /// Sends an example once, at once, whether the webhook is active or not.
  ///
  /// - Parameter event: its first event unless told.
  /// - Throws: `.notFound`, naming the webhook; what happens on the way is part of the result.
  package func test(_ id: WebhookID, _ event: RegistryEvent?) async throws -> WebhookTestResult {
    let first = try await webhooks.webhook(id).events.first ?? RegistryEvent(.registeredModel, .created)
    do {
      guard let (webhook, secret) = try await webhooks.address(of: id) else {
        return WebhookTestResult(isDelivered: false, problem: "the webhook has been deleted")
      }
      let message = RegistryMessage.example(of: event ?? first, at: clock.now)
      let answer = try await post(message.body.bytes, id: NotificationID.random().text, to: webhook, secret)
      return WebhookTestResult(
        isDelivered: (200..<300).contains(answer.status), status: answer.status, body: answer.text)
    } catch {
      let failure = MartletError(error, doing: "the message could not be sent")
      let sentences = [failure.message, failure.cause, failure.fix].compactMap(\.self)
      return WebhookTestResult(isDelivered: false, problem: sentences.joined(separator: "; "))
    }
  }

  private func post(_ body: [UInt8], id: String, to webhook: RegistryWebhook, _ secret: String?) async throws
    -> OutboundClient.Answer
  {
    let headers = WebhookSignature.mlflowHeaders(id: id, at: clock.now, body: body, secret: secret)
    return try await client.answer(to: body, headers: headers, at: webhook.url)
  }
}

extension OutboundPolicy {
  /// Refuses addresses of webhooks that this server never goes to: schemes other than https (http only for hosts that
  /// the administrator allows), and addresses that are written as numbers and are not public.
  package func check(webhook url: String) throws {
    let target = try OutboundTarget(url)
    let isAllowed = allows(host: target.host, port: target.port)
    guard target.isSecure || isAllowed else {
      throw MartletError.invalidInput(
        "Invalid webhook URL scheme: 'http'. Allowed schemes are: https.",
        fix: "use https, or let the server's administrator allow the host: martlet up --allow-outbound HOST[:PORT]")
    }
    guard isAllowed || target.isPublicUnlessNamed else {
      throw MartletError.invalidInput(
        "The webhook's address is not public",
        fix: "allow it in the server's configuration: martlet up --allow-outbound HOST[:PORT]")
    }
  }
}
