import ArgumentParser
import MartletCore

struct DeploymentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deployment", abstract: "What is live: endpoints, traffic, roll-out and roll-back.",
    discussion: """
      EXAMPLE
        martlet deployment list
        martlet deployment rollback flight-delay --reason "complaints from the desk"
      """,
    subcommands: [
      DeploymentListCommand.self, DeploymentShowCommand.self, DeploymentPromoteCommand.self,
      DeploymentRollbackCommand.self,
    ])
}

/// How endpoints and deployments are shown.
enum EndpointColumns {
  static let list: [Column] = [
    .init("ENDPOINT", "name"), .init("LIVE", "live"), .init("CANARY", "canary"), .init("TRAFFIC", "traffic"),
    .init("STATE", "state"),
    .init("URL", "url"),
  ]
  static let deployment: [Column] = [
    .init("deployment", "id"), .init("endpoint", "endpoint"), .init("version", "version"), .init("state", "state"),
    .init("traffic", "share"), .init("started", "started"), .init("reason", "reason"),
  ]
}

struct DeploymentListCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Endpoints and the version each one answers with.",
    discussion: """
      EXAMPLE
        martlet deployment list
      """)

  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list("/endpoints", EndpointColumns.list, page: "/endpoints")
  }
}

struct DeploymentShowCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "One endpoint: its deployments, newest first.",
    discussion: """
      EXAMPLE
        martlet deployment show flight-delay
      """)

  @Argument(help: "The endpoint's name.") var endpoint: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      "/endpoints/\(APIClient.escape(endpoint))/deployments",
      [
        .init("ID", "id"), .init("VERSION", "version"), .init("STATE", "state"), .init("TRAFFIC", "share"),
        .init("STARTED", "started"),
        .init("ENDED", "ended"), .init("REASON", "reason"),
      ], page: "/endpoints/\(endpoint)")
  }
}

struct DeploymentPromoteCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "promote", abstract: "Take the canary to the next share of traffic now, if its gate holds.",
    discussion: """
      EXAMPLE
        martlet deployment promote flight-delay
      """)

  @Argument(help: "The endpoint's name.") var endpoint: String
  @Option(help: "Why; it goes into the ledger.") var reason: String?
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let deployment = try await session.client.send(
      .post, "/endpoints/\(APIClient.escape(endpoint))/promote",
      .object(["reason": reason].compactMapValues { $0.map(JSON.string) }))
    session.output.item(deployment, EndpointColumns.deployment, link: session.page("/endpoints/\(endpoint)"))
  }
}

struct DeploymentRollbackCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Give all traffic back to the version before.",
    discussion: """
      EXAMPLE
        martlet deployment rollback flight-delay --reason "complaints from the desk"
      """)

  @Argument(help: "The endpoint's name.") var endpoint: String
  @Option(help: "Why; it goes into the ledger.") var reason: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let deployment = try await session.client.send(
      .post, "/endpoints/\(APIClient.escape(endpoint))/rollback", ["reason": .string(reason)])
    session.output.item(deployment, EndpointColumns.deployment, link: session.page("/endpoints/\(endpoint)"))
  }
}
