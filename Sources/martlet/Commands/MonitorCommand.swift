import ArgumentParser
import MartletCore

struct MonitorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "monitor", abstract: "Monitors: windows, drift, quality.",
    discussion: """
      EXAMPLE
        martlet monitor windows flight-delay
      """,
    subcommands: [MonitorWindowsCommand.self])
}

struct MonitorWindowsCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "windows", abstract: "What each window measured, and whether it raised something.",
    discussion: """
      EXAMPLE
        martlet monitor windows flight-delay -o json
      """)

  @Argument(help: "The endpoint's name.") var endpoint: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      "/endpoints/\(APIClient.escape(endpoint))/windows",
      [
        .init("FROM", "from"), .init("TO", "to"), .init("PHASE", "phase"),
        .init("PREDICTIONS", "predictions", number: true),
        .init("LABELLED", "labelled", number: true), .init("ROC AUC", "roc_auc", number: true),
        .init("DRIFTED", "drifted", number: true),
        .init("FINDINGS", "findings"),
      ], page: "/endpoints/\(endpoint)")
  }
}

struct AlertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alert", abstract: "Alerts: what needs somebody, and why.",
    discussion: """
      EXAMPLE
        martlet alert list
      """,
    subcommands: [AlertListCommand.self, AlertAcknowledgeCommand.self, AlertSilenceCommand.self])
}

struct AlertListCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Open alerts, or all with --all.",
    discussion: """
      EXAMPLE
        martlet alert list --all
      """)

  @Flag(help: "Also those that are over.") var all = false
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      "/alerts",
      [
        .init("ID", "id"), .init("SEVERITY", "severity"), .init("STATE", "state"), .init("SINCE", "since"),
        .init("OWNER", "owner"),
        .init("SUBJECT", "subject"), .init("REASON", "reason"),
      ], query: ["all": all ? "true" : nil, "project": global.project], page: "/alerts")
  }
}

struct AlertAcknowledgeCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "acknowledge", abstract: "Say that somebody is on it.",
    discussion: """
      EXAMPLE
        martlet alert acknowledge 7c1e…
      """)

  @Argument(help: "The alert's id.") var id: String
  @Option(help: "What is being done.") var reason: String?
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await AlertChange(id: id, verb: "acknowledge", body: ["reason": reason]).run(session)
  }
}

struct AlertSilenceCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "silence", abstract: "Say nothing more about it.",
    discussion: """
      EXAMPLE
        martlet alert silence 7c1e… --reason "known, fixed with the next delivery"
      """)

  @Argument(help: "The alert's id.") var id: String
  @Option(help: "Why; it goes into the ledger.") var reason: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await AlertChange(id: id, verb: "silence", body: ["reason": reason]).run(session)
  }
}

private struct AlertChange {
  let id: String
  let verb: String
  let body: [String: String?]

  func run(_ session: Session) async throws {
    let alert = try await session.client.send(
      .post, "/alerts/\(APIClient.escape(id))/\(verb)", .object(body.compactMapValues { $0.map(JSON.string) }))
    session.output.item(
      alert, [.init("alert", "id"), .init("state", "state"), .init("reason", "reason")], link: session.page("/alerts"))
  }
}
