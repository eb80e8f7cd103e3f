import ArgumentParser
import MartletCore

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "The ledger: every change, who made it, and proof that none was altered.",
    discussion: """
      EXAMPLE
        martlet audit verify
      """,
    subcommands: [AuditVerifyCommand.self, AuditLogCommand.self])
}

struct AuditVerifyCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Recompute the chain of hashes; exits with 1 and names the entry that does not fit.",
    discussion: """
      EXAMPLE
        martlet audit verify
      """)

  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let result = try await session.client.get("/ledger/verify")
    session.output.item(
      result,
      [
        .init("intact", "intact"), .init("entries", "entries"), .init("sealed", "sealed"),
        .init("unsealed", "unsealed"), .init("head", "head"),
        .init("broken entry", "broken_sequence"), .init("problem", "problem"),
      ], link: session.page("/audit"))
    if result["intact"]?.boolean != true {
      session.output.note("error: the ledger was changed: \(result["problem"]?.string ?? "its hashes do not fit")")
      throw ExitCode(ExitStatus.failed.rawValue)
    }
  }
}

struct AuditLogCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Entries of the ledger, newest first.",
    discussion: """
      EXAMPLE
        martlet audit log --object endpoint:flight-delay
      """)

  @Option(help: "Only entries about this object, such as model:flight-delay; a prefix is enough.") var object: String?
  @Option(help: "Only this action, such as deployment.rolled_back; a prefix is enough.") var action: String?
  @Option(help: "At most this many.") var limit = 50
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      "/ledger",
      [
        .init("#", "sequence", number: true), .init("TIME", "time"), .init("WHO", "actor"), .init("ACTION", "action"),
        .init("OBJECT", "object"),
        .init("REASON", "reason"),
      ], query: ["object": object, "action": action], limit: limit, page: "/audit")
  }
}
