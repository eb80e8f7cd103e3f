import ArgumentParser
import Foundation
import MartletCore

struct LoginCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "login", abstract: "Sign in: keep a token for a server, so that every command is you.",
    discussion: """
      EXAMPLE
        martlet login https://mlops.example.com
        martlet login --token-stdin < token.txt

      Asks for a name and a password, and keeps a token that is made with them in ~/.config/martlet/credentials, readable by
      you alone. MARTLET_TOKEN goes before it. MARTLET_SERVER_CERT names a certificate that is to be trusted.
      """)

  @Argument(help: "The server's address; the one of the data directory unless told.") var url: String?
  @Option(help: "The account's name; asked for unless told.") var name: String?
  @Flag(help: "Read a token from standard input instead of asking for a password.") var tokenStdin = false
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    var options = global
    options.server = url ?? global.server
    let server = try await ServerDiscovery(options: options).client().server
    let entry = try await tokenStdin ? given(server) : made(server)
    try CredentialFile().keep(entry, for: server)
    Output(global).note("Signed in at \(server) as \(entry.user).")
  }

  private func given(_ server: String) async throws -> CredentialFile.Entry {
    let token = try Prompt.line("Token: ").trimmingCharacters(in: .whitespaces)
    let caller = try await APIClient(server: server, authorization: "Bearer \(token)").get("/whoami")
    return .init(user: caller["name"]?.string ?? "", id: caller["token"]?.string ?? "", token: token)
  }

  private func made(_ server: String) async throws -> CredentialFile.Entry {
    let user = try name ?? Prompt.line("Name: ")
    let client = APIClient(server: server, name: user, password: try Prompt.password())
    let token = try await client.send(
      .post, "/tokens", ["name": .string("martlet login on \(ProcessInfo.processInfo.hostName.prefix(40))")])
    return .init(user: user, id: token["id"]?.string ?? "", token: token["token"]?.string ?? "")
  }
}

struct LogoutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logout", abstract: "Forget and revoke the token that 'martlet login' kept.",
    discussion: """
      EXAMPLE
        martlet logout https://mlops.example.com
      """)

  @Argument(help: "The server's address; the one of the data directory unless told.") var url: String?
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    var options = global
    options.server = url ?? global.server
    let server = try await ServerDiscovery(options: options).client().server
    guard let entry = try CredentialFile().forget(server) else {
      Output(global).note("Nobody was signed in at \(server).")
      return
    }
    do {
      try await APIClient(server: server, authorization: "Bearer \(entry.token)").send(
        .delete, "/tokens/\(APIClient.escape(entry.id))")
    } catch let error as MartletError {
      // A token that holds no longer, or a server that is away: what was kept here is gone.
      Output(global).note("The token was forgotten, but not revoked: \(error.message).")
      return
    }
    Output(global).note("Signed out at \(server).")
  }
}

struct WhoAmICommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "whoami", abstract: "Who you are for the server, and what you may do.",
    discussion: """
      EXAMPLE
        martlet whoami
      """)

  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    session.output.item(
      try await session.client.get("/whoami"),
      [
        .init("name", "name"), .init("signed in", "authenticated"), .roles("roles"),
        .init("may", "permissions"), .init("only in", "project"),
      ], link: nil)
  }
}

struct RoleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "role", abstract: "Roles: what each may do.",
    discussion: """
      EXAMPLE
        martlet role list
      """, subcommands: [RoleListCommand.self])
}

struct RoleListCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "The roles and what each may do.",
    discussion: """
      EXAMPLE
        martlet role list
      """)

  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      "/roles", [.init("ROLE", "name"), .init("MAY", "permissions"), .init("WHAT FOR", "summary")], page: "/users")
  }
}
