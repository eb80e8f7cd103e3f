import ArgumentParser
import MartletCore

struct WebhookCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhook", abstract: "Who is told when a model, version, tag or alias changes in the registry.",
    discussion: """
      EXAMPLE
        martlet webhook create ci --url https://ci.example.com/hook --event model_version.created --secret-file key
        martlet webhook test 3f0a9c1d…
        martlet webhook deliveries --state failed
      """,
    subcommands: [
      WebhookListCommand.self, WebhookCreateCommand.self, WebhookShowCommand.self, WebhookUpdateCommand.self,
      WebhookDeleteCommand.self, WebhookTestCommand.self, WebhookDeliveriesCommand.self, WebhookRedeliverCommand.self,
    ])

  static let columns: [Column] = [
    .init("webhook", "id"), .init("name", "name"), .init("url", "url"), .init("events", "events"),
    .init("status", "status"), .init("signed", "signed"), .init("description", "description"),
    .init("created", "created"), .init("updated", "updated"),
  ]

  static func path(_ id: String, _ rest: String = "") -> String { "/webhooks/\(APIClient.escape(id))\(rest)" }
}

struct WebhookListCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "All webhooks of the registry.",
    discussion: """
      EXAMPLE
        martlet webhook list
      """)

  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      "/webhooks",
      [
        .init("ID", "id"), .init("NAME", "name"), .init("STATUS", "status"), .init("SIGNED", "signed"),
        .init("EVENTS", "events"), .init("URL", "url"),
      ])
  }
}

/// What a webhook is made of, as options.
struct WebhookOptions: ParsableArguments {
  @Option(help: "Where messages go: https, or http for a host that --allow-outbound names.") var url: String?
  @Option(help: "An event, such as model_version.created; may be given several times.") var event: [String] = []
  @Option(help: "What it is for.") var description: String?
  @Option(help: "A file that holds the key that messages are signed with; - reads standard input.")
  var secretFile: String?

  /// The members of the request that were given.
  func members() throws -> [String: JSON] {
    var body: [String: JSON] = [:]
    body["url"] = url.map(JSON.string)
    if !event.isEmpty { body["events"] = .array(event.map(JSON.string)) }
    body["description"] = description.map(JSON.string)
    body["secret"] = try secretFile.map { .string(try SecretText.read($0)) }
    return body
  }
}

struct WebhookCreateCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Tell an address of events in the registry.",
    discussion: """
      EXAMPLE
        martlet webhook create ci --url https://ci.example.com/hook --event model_version.created --secret-file key
      """)

  @Argument(help: "Its name.") var name: String
  @OptionGroup var options: WebhookOptions
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    var body = try options.members()
    guard body["url"] != nil, body["events"] != nil else {
      throw UsageError(
        "a webhook needs an address and at least one event",
        fix: "martlet webhook create \(name) --url https://… --event model_version.created")
    }
    body["name"] = .string(name)
    let webhook = try await session.client.send(.post, "/webhooks", .object(body))
    session.output.item(webhook, WebhookCommand.columns, link: nil)
  }
}

struct WebhookShowCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "One webhook. Its secret is never shown.",
    discussion: """
      EXAMPLE
        martlet webhook show 3f0a9c1d…
      """)

  @Argument(help: "The webhook's id.") var id: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    session.output.item(
      try await session.client.get(WebhookCommand.path(id)), WebhookCommand.columns, link: nil)
  }
}

struct WebhookUpdateCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Change what is named; the rest stays.",
    discussion: """
      EXAMPLE
        martlet webhook update 3f0a9c1d… --status disabled
        martlet webhook update 3f0a9c1d… --secret-file new-key
      """)

  @Argument(help: "The webhook's id.") var id: String
  @Option(help: "Another name.") var name: String?
  @Option(help: "active or disabled.") var status: String?
  @Flag(help: "Messages are no longer signed.") var withoutSecret = false
  @OptionGroup var options: WebhookOptions
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    var body = try options.members()
    body["name"] = name.map(JSON.string)
    body["status"] = status.map(JSON.string)
    if withoutSecret { body["secret"] = "" }
    let webhook = try await session.client.send(.put, WebhookCommand.path(id), .object(body))
    session.output.item(webhook, WebhookCommand.columns, link: nil)
  }
}

struct WebhookDeleteCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Tell it nothing any more; what is on its way is given up.",
    discussion: """
      EXAMPLE
        martlet webhook delete 3f0a9c1d…
      """)

  @Argument(help: "The webhook's id.") var id: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.client.send(.delete, WebhookCommand.path(id))
    session.output.note("deleted \(id)")
  }
}
