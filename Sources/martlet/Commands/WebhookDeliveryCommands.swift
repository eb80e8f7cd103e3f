import ArgumentParser
import Foundation
import MartletCore

struct WebhookTestCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Send an example, once; exit code 5 when it is not taken.",
    discussion: """
      EXAMPLE
        martlet webhook test 3f0a9c1d… --event model_version.created
      """)

  @Argument(help: "The webhook's id.") var id: String
  @Option(help: "Of which event; the webhook's first unless told.") var event: String?
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    var body: [String: JSON] = [:]
    body["event"] = event.map(JSON.string)
    let result = try await session.client.send(.post, WebhookCommand.path(id, "/test"), .object(body))
    session.output.item(
      result,
      [
        .init("delivered", "delivered"), .init("status", "status"), .init("answer", "body"),
        .init("problem", "problem"),
      ], link: nil)
    if result["delivered"]?.boolean != true { throw ExitCode(ExitStatus.checkFailed.rawValue) }
  }
}

struct WebhookDeliveriesCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "deliveries", abstract: "Messages to webhooks, and what came of each.",
    discussion: """
      EXAMPLE
        martlet webhook deliveries
        martlet webhook deliveries 3f0a9c1d… --state failed -o json
      """)

  @Argument(help: "Only to this webhook.") var id: String?
  @Option(help: "Only in this state: pending, delivered, failed or refused.") var state: String?
  @Option(help: "At most this many.") var limit = 100
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      "/webhook-deliveries",
      [
        .init("ID", "id"), .init("EVENT", "event"), .init("SUBJECT", "subject"), .init("WEBHOOK", "webhook"),
        .init("STATE", "state"), .init("ATTEMPTS", "attempts", number: true), .init("CREATED", "created"),
        .init("NEXT", "next_attempt"), .init("PROBLEM", "problem"),
      ], query: ["webhook": id, "state": state], limit: limit)
  }
}

struct WebhookRedeliverCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "redeliver", abstract: "Send a message again that was given up or refused.",
    discussion: """
      EXAMPLE
        martlet webhook redeliver 3f0a9c…
      """)

  @Argument(help: "The delivery's id.") var id: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let delivery = try await session.client.send(.post, "/notifications/\(APIClient.escape(id))/retry", [:])
    session.output.item(
      delivery, [.init("delivery", "id"), .init("event", "event"), .init("state", "state")], link: nil)
  }
}

/// A secret from a file or from standard input, without the line break at its end: arguments of commands can be seen by
/// other users of the machine.
enum SecretText {
  static func read(_ path: String) throws -> String {
    let data: Data
    do {
      data =
        path == "-"
        ? try FileHandle.standardInput.readToEnd() ?? Data() : try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw MartletError(.notFound, "the file '\(path)' cannot be read", fix: "name a file that holds the secret")
    }
    var text = String(decoding: data, as: UTF8.self)
    if text.hasSuffix("\n") { text.removeLast() }
    guard !text.isEmpty else { throw MartletError.invalidInput("the secret in '\(path)' is empty") }
    return text
  }
}
