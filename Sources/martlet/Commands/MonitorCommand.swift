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
