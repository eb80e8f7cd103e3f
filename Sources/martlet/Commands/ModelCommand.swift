import ArgumentParser
import MartletCore

struct ModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Registered models: versions, lineage, gates, aliases.",
    discussion: """
      EXAMPLE
        martlet model show flight-delay@3
      """,
    subcommands: [
      ModelListCommand.self, ModelShowCommand.self, ModelCompareCommand.self, ModelLineageCommand.self,
      ModelAliasCommand.self, ModelStageCommand.self, ModelPromoteCommand.self,
    ])
}

/// `flight-delay` or `flight-delay@3`.
struct ModelArgument: ParsableArguments {
  @Argument(help: ArgumentHelp("The model, or one version of it: flight-delay@3.", valueName: "model"))
  var model: String

  var name: String { String(model.split(separator: "@", maxSplits: 1).first ?? "") }
  var version: String? { model.split(separator: "@", maxSplits: 1).dropFirst().first.map(String.init) }

  /// The path of the version that was named; the argument must name one.
  func versionPath(_ rest: String = "") throws -> String {
    guard let version, Int(version) != nil else {
      throw MartletError(.invalidInput, "'\(model)' names no version", fix: "write it as \(name)@1")
    }
    return "/models/\(APIClient.escape(name))/versions/\(version)\(rest)"
  }
}

struct ModelListCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "All registered models.",
    discussion: """
      EXAMPLE
        martlet model list --filter "name ILIKE '%delay%'"
      """)

  @Option(help: "A filter such as: name ILIKE '%delay%' and tags.team = 'desk'.") var filter: String?
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      "/models",
      [
        .init("MODEL", "name"), .init("LATEST", "latest_version", number: true), .init("ALIASES", "aliases"),
        .init("UPDATED", "updated"),
        .init("DESCRIPTION", "description"),
      ], query: ["filter": filter], page: "/models")
  }
}

struct ModelShowCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "A model's versions, or one version with what proves it.",
    discussion: """
      EXAMPLE
        martlet model show flight-delay
        martlet model show flight-delay@3
      """)

  @OptionGroup var target: ModelArgument
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    guard target.version != nil else {
      return try await session.list(
        "/models/\(APIClient.escape(target.name))/versions",
        [
          .init("VERSION", "version", number: true), .init("STAGE", "stage"), .init("ALIASES", "aliases"),
          .init("CREATED", "created"),
          .init("RUN", "run_id"), .init("DESCRIPTION", "description"),
        ], page: "/models/\(target.name)")
    }
    let version = try await session.client.get(target.versionPath())
    session.output.item(
      version,
      [
        .init("model", "name"), .init("version", "version"), .init("stage", "stage"), .init("aliases", "aliases"),
        .init("run", "run_id"),
        .init("created", "created"), .init("by", "author"), .init("digest", "digest"), .init("data", "lineage.data"),
        .init("commit", "lineage.commit"),
        .init("metrics", "metrics"), .init("gates", "gates"),
      ], link: session.page("/models/\(target.name)/\(target.version ?? "")"))
  }
}

struct ModelLineageCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "lineage", abstract: "Where a version comes from, down to the source files.",
    discussion: """
      EXAMPLE
        martlet model lineage flight-delay@3
      """)

  @OptionGroup var target: ModelArgument
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let lineage = try await session.client.get(target.versionPath("/lineage"))
    guard session.output.format == .table else { return session.output.item(lineage, [], link: nil) }
    session.output.list(
      lineage["nodes"]?.array ?? [],
      [.init("KIND", "kind"), .init("NAME", "name"), .init("ID", "id"), .init("FROM", "from")],
      link: session.page("/models/\(target.name)/\(target.version ?? "")"))
  }
}

struct ModelPromoteCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "promote", abstract: "Start to deploy a version to an endpoint; its gates still decide.",
    discussion: """
      EXAMPLE
        martlet model promote flight-delay@3 --endpoint flight-delay
      """)

  @OptionGroup var target: ModelArgument
  @Option(help: "The endpoint; the one with the model's name unless told.") var endpoint: String?
  @Option(help: "Why; it goes into the ledger.") var reason: String?
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    _ = try target.versionPath()
    let endpoint = endpoint ?? target.name
    var body: [String: JSON] = ["version": .string(target.model)]
    body["reason"] = reason.map(JSON.string)
    let deployment = try await session.client.send(
      .post, "/endpoints/\(APIClient.escape(endpoint))/deployments", .object(body))
    session.output.item(deployment, EndpointColumns.deployment, link: session.page("/endpoints/\(endpoint)"))
  }
}
