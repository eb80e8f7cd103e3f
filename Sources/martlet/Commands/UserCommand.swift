import ArgumentParser
import MartletCore

struct UserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "Accounts, and the roles people have.",
    discussion: """
      EXAMPLE
        martlet user create ada --role data-scientist --project flight-delay
        martlet user grant ada data-engineer
        martlet user list
      """,
    subcommands: [
      UserListCommand.self, UserShowCommand.self, UserCreateCommand.self, UserGrantCommand.self,
      UserRevokeCommand.self, UserPasswordCommand.self, UserDisableCommand.self, UserEnableCommand.self,
      UserDeleteCommand.self,
    ])

  static let columns: [Column] = [
    .init("name", "name"), .roles("roles"), .init("shut out", "disabled"), .init("since", "created"),
  ]

  static func path(_ name: String, _ rest: String = "") -> String { "/users/\(APIClient.escape(name))\(rest)" }
}

struct UserListCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Everybody with an account.",
    discussion: """
      EXAMPLE
        martlet user list
      """)
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      "/users",
      [.init("NAME", "name"), .roles("ROLES"), .init("SHUT OUT", "disabled"), .init("SINCE", "created")],
      page: "/users")
  }
}

struct UserShowCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "One account with its roles.",
    discussion: """
      EXAMPLE
        martlet user show ada
      """)
  @Argument(help: "The account's name.") var name: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    session.output.item(
      try await session.client.get(UserCommand.path(name)), UserCommand.columns, link: session.page("/users"))
  }
}

struct UserCreateCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create an account; the password is asked for.",
    discussion: """
      EXAMPLE
        martlet user create ada --role data-scientist --project flight-delay
        martlet user create ci --no-password --role data-engineer
        martlet user create root --setup-token mls_…        (the first administrator)
      """)

  @Argument(help: "The account's name.") var name: String
  @Option(help: "A role, in --project or everywhere; may be given several times.") var role: [String] = []
  @Flag(help: "No password: the account is used with tokens only.") var noPassword = false
  @Option(
    help: ArgumentHelp("The token that a new server printed: creates its first administrator.", valueName: "token"))
  var setupToken: String?
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    var body: [String: JSON] = ["name": .string(name)]
    if !noPassword { body["password"] = .string(try Prompt.newPassword()) }
    let user: JSON
    if let setupToken {
      body["token"] = .string(setupToken)
      user = try await session.client.send(.post, "/setup", .object(body))
    } else {
      body["roles"] = .array(
        role.map { role in
          var grant: [String: JSON] = ["role": .string(role)]
          grant["project"] = global.project.map(JSON.string)
          return .object(grant)
        })
      user = try await session.client.send(.post, "/users", .object(body))
    }
    session.output.item(user, UserCommand.columns, link: session.page("/users"))
  }
}

struct UserGrantCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "grant", abstract: "Give a role, in --project or everywhere.",
    discussion: """
      EXAMPLE
        martlet user grant ada data-scientist --project flight-delay
        martlet user grant grace admin

      Without --project the role holds everywhere, in a project's folder as well.
      """)
  @Argument(help: "The account's name.") var name: String
  @Argument(help: "The role; 'martlet role list' shows them.") var role: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    var body: [String: JSON] = ["role": .string(role)]
    body["project"] = global.project.map(JSON.string)
    let user = try await session.client.send(.post, UserCommand.path(name, "/roles"), .object(body))
    session.output.item(user, UserCommand.columns, link: session.page("/users"))
  }
}

struct UserRevokeCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Take a role away, in --project or everywhere.",
    discussion: """
      EXAMPLE
        martlet user revoke ada data-scientist --project flight-delay
      """)
  @Argument(help: "The account's name.") var name: String
  @Argument(help: "The role.") var role: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let user = try await session.client.send(
      .delete, UserCommand.path(name, "/roles/\(APIClient.escape(role))"), query: ["project": global.project])
    session.output.item(user, UserCommand.columns, link: session.page("/users"))
  }
}

struct UserPasswordCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "password", abstract: "Set a password; your own with the current one.",
    discussion: """
      EXAMPLE
        martlet user password ada
        martlet user password ada --own
      """)
  @Argument(help: "The account's name.") var name: String
  @Flag(help: "Give the current password first, as everybody does who manages no users.") var own = false
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    var body: [String: JSON] = [:]
    if own { body["current"] = .string(try Prompt.password("Current password: ")) }
    body["password"] = .string(try Prompt.newPassword())
    try await session.client.send(.put, UserCommand.path(name, "/password"), .object(body))
    session.output.note("The password of \(name) is changed; sessions have ended.")
  }
}

struct UserDisableCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable", abstract: "Shut an account out.",
    discussion: """
      EXAMPLE
        martlet user disable ada
      """)
  @Argument(help: "The account's name.") var name: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    session.output.item(
      try await session.client.send(.post, UserCommand.path(name, "/disable")), UserCommand.columns, link: nil)
  }
}

struct UserEnableCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Let an account in again.",
    discussion: """
      EXAMPLE
        martlet user enable ada
      """)
  @Argument(help: "The account's name.") var name: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    session.output.item(
      try await session.client.send(.post, UserCommand.path(name, "/enable")), UserCommand.columns, link: nil)
  }
}

struct UserDeleteCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete an account with its roles and tokens; the ledger keeps the name.",
    discussion: """
      EXAMPLE
        martlet user delete ada
      """)
  @Argument(help: "The account's name.") var name: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.client.send(.delete, UserCommand.path(name))
    session.output.note("The account \(name) is deleted.")
  }
}
