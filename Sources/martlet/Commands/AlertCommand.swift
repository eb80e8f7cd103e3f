import ArgumentParser
import MartletCore

struct AlertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alert", abstract: "Alerts: what needs somebody, why, and who was told.",
    discussion: """
      EXAMPLE
        martlet alert list
        martlet alert acknowledge 7c1e --reason "asked the airline"
        martlet alert resolve 7c1e --reason "delivered again"
      """,
    subcommands: [
      AlertListCommand.self, AlertShowCommand.self, AlertAcknowledgeCommand.self, AlertResolveCommand.self,
      AlertDeliveriesCommand.self, AlertRedeliverCommand.self,
    ])
}

struct AlertListCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Open alerts, or all with --all.",
    discussion: """
      EXAMPLE
        martlet alert list --all
        martlet alert list --project flight-delay -o json
      """)

  @Flag(help: "Also those that are acknowledged or resolved.") var all = false
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      "/alerts",
      [
        .init("ID", "id"), .init("SEVERITY", "severity"), .init("STATE", "state"), .init("SINCE", "first_at"),
        .init("SEEN", "occurrences", number: true), .init("OWNER", "owner"), .init("SUBJECT", "subject"),
        .init("REASON", "reason"),
      ], query: ["all": all ? "true" : nil, "project": global.project], page: "/alerts")
  }
}

struct AlertShowCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "One alert, with its whole reason.",
    discussion: """
      EXAMPLE
        martlet alert show 7c1e
      """)

  @Argument(help: "The alert's id, or the beginning of it.") var id: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let alert = try await session.client.get("/alerts/\(APIClient.escape(id))")
    session.output.item(alert, alertColumns, link: session.page("/alerts?all=1#\(alert["id"]?.string ?? "")"))
  }
}

struct AlertAcknowledgeCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "acknowledge", abstract: "Say that somebody is on it.",
    discussion: """
      EXAMPLE
        martlet alert acknowledge 7c1e --reason "asked the airline for the file"
      """)

  @Argument(help: "The alert's id, or the beginning of it.") var id: String
  @Option(help: "What is being done; it goes into the ledger.") var reason: String?
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await AlertChange(id: id, verb: "acknowledge", reason: reason).run(session)
  }
}

struct AlertResolveCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "resolve", abstract: "Say that it is over; when it happens anew, it is a new alert.",
    discussion: """
      EXAMPLE
        martlet alert resolve 7c1e --reason "delivered again"
      """)

  @Argument(help: "The alert's id, or the beginning of it.") var id: String
  @Option(help: "Why; it goes into the ledger.") var reason: String?
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await AlertChange(id: id, verb: "resolve", reason: reason).run(session)
  }
}

struct AlertDeliveriesCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "deliveries", abstract: "Notifications: who was told, and what came of it.",
    discussion: """
      EXAMPLE
        martlet alert deliveries
        martlet alert deliveries --state failed -o json
      """)

  @Option(help: "Only in this state: pending, delivered, failed or refused.") var state: String?
  @Option(help: "Only about this alert.") var alert: String?
  @Option(help: "At most this many.") var limit = 100
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    var query = ["state": state, "project": global.project]
    if let alert {
      query["alert"] = try await session.client.get("/alerts/\(APIClient.escape(alert))")["id"]?.string
    }
    try await session.list(
      "/notifications",
      [
        .init("ID", "id"), .init("EVENT", "event"), .init("TO", "destination"), .init("STATE", "state"),
        .init("ATTEMPTS", "attempts", number: true), .init("CREATED", "created"), .init("NEXT", "next_attempt"),
        .init("PROBLEM", "problem"),
      ], query: query, limit: limit, page: "/alerts")
  }
}

struct AlertRedeliverCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "redeliver", abstract: "Send a notification again that was given up or refused.",
    discussion: """
      EXAMPLE
        martlet alert redeliver 3f0a9c…
      """)

  @Argument(help: "The notification's id.") var id: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let notification = try await session.client.send(.post, "/notifications/\(APIClient.escape(id))/retry", [:])
    session.output.item(
      notification,
      [.init("notification", "id"), .init("event", "event"), .init("to", "destination"), .init("state", "state")],
      link: nil)
  }
}

private let alertColumns: [Column] = [
  .init("alert", "id"), .init("state", "state"), .init("severity", "severity"), .init("kind", "kind"),
  .init("project", "project"), .init("subject", "subject"), .init("owner", "owner"), .init("first", "first_at"),
  .init("last", "last_at"), .init("seen", "occurrences"), .init("taken by", "acknowledged_by"),
  .init("reason", "reason"),
]

private struct AlertChange {
  let id: String
  let verb: String
  let reason: String?

  func run(_ session: Session) async throws {
    var body: [String: JSON] = [:]
    body["reason"] = reason.map(JSON.string)
    let alert = try await session.client.send(.post, "/alerts/\(APIClient.escape(id))/\(verb)", .object(body))
    session.output.item(alert, alertColumns, link: session.page("/alerts"))
  }
}
