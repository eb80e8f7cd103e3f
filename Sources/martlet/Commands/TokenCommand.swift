import ArgumentParser
import MartletCore

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "API tokens, for programs.",
    discussion: """
      EXAMPLE
        martlet token create ci --expires 30d --limit-to flight-delay --may read --may log
        martlet token list
      """, subcommands: [TokenCreateCommand.self, TokenListCommand.self, TokenRevokeCommand.self])
}

struct TokenCreateCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a token; its text is printed once, alone, on standard output.",
    discussion: """
      EXAMPLE
        export MLFLOW_TRACKING_TOKEN=$(martlet token create training --expires 30d)
        martlet token create dashboard --may read --limit-to flight-delay
      """)
  @Argument(help: "What it is for.") var name: String
  @Option(help: ArgumentHelp("How long it holds, at most 366d.", valueName: "time")) var expires = Span(
    .seconds(90 * 86_400))
  @Option(help: "Only for this; may be given several times. 'martlet role list' shows the permissions.") var may:
    [String] = []
  @Option(help: ArgumentHelp("Only in this project.", valueName: "project")) var limitTo: String?
  @Option(help: "For this account, which has no password; by an administrator.") var user: String?
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    var body: [String: JSON] = [
      "name": .string(name), "seconds": .integer(Int64(expires.duration.components.seconds)),
    ]
    if !may.isEmpty { body["permissions"] = .array(may.map(JSON.string)) }
    body["project"] = limitTo.map(JSON.string)
    body["user"] = user.map(JSON.string)
    let token = try await session.client.send(.post, "/tokens", .object(body))
    if global.output == .table {
      session.output.write(token["token"]?.string ?? "")
      session.output.note("It is shown this once, and holds until \(token["expires"]?.string ?? "").")
    } else {
      session.output.item(token, [], link: nil)
    }
  }
}

struct TokenListCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Your tokens, or everybody's with --all.",
    discussion: """
      EXAMPLE
        martlet token list
      """)
  @Flag(help: "Of everybody.") var all = false
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      "/tokens",
      [
        .init("ID", "id"), .init("USER", "user"), .init("NAME", "name"), .init("ONLY FOR", "permissions"),
        .init("ONLY IN", "project"), .init("EXPIRES", "expires"), .init("EXPIRED", "expired"),
      ], query: ["all": all ? "true" : nil], page: "/tokens")
  }
}

struct TokenRevokeCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Revoke a token: it holds no longer.",
    discussion: """
      EXAMPLE
        martlet token revoke 3f0a9c…
      """)
  @Argument(help: "The token's id.") var id: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.client.send(.delete, "/tokens/\(APIClient.escape(id))")
    session.output.note("The token is revoked.")
  }
}
