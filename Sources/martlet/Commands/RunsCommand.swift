import ArgumentParser
import MartletCore

struct ExperimentsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "experiments", abstract: "Experiments: the folders of runs.",
    discussion: """
      EXAMPLE
        martlet experiments list
      """,
    subcommands: [ExperimentsListCommand.self])
}

struct ExperimentsListCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "All experiments.",
    discussion: """
      EXAMPLE
        martlet experiments list -o json
      """)

  @Option(help: "At most this many.") var limit = 100
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      "/experiments",
      [
        .init("ID", "id"), .init("NAME", "name"), .init("STAGE", "stage"), .init("CREATED", "created"),
        .init("UPDATED", "updated"),
      ],
      limit: limit, page: "/experiments")
  }
}

struct RunsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "Runs: what was tried, and how well it did.",
    discussion: """
      EXAMPLE
        martlet runs list --experiment flight-delay --order "metrics.roc_auc desc"
      """,
    subcommands: [
      RunsListCommand.self, RunsShowCommand.self, RunsCompareCommand.self, RunsHistoryCommand.self,
      RunsMetricCommand.self, RunsViewsCommand.self,
    ])
}

struct RunsShowCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "One run: parameters, metrics, tags, inputs.",
    discussion: """
      EXAMPLE
        martlet runs show 4f0c… -o json
      """)

  @Argument(help: "The run's id.") var id: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let run = try await session.client.get("/runs/\(APIClient.escape(id))")
    session.output.item(
      run,
      [
        .init("run", "id"), .init("name", "name"), .init("experiment", "experiment_id"), .init("status", "status"),
        .init("started", "started"),
        .init("ended", "ended"), .init("params", "params"), .init("metrics", "metrics"), .init("data", "inputs"),
      ], link: session.page("/runs/\(id)"))
  }
}

struct RunsMetricCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "metric", abstract: "Every point of a metric in one run.",
    discussion: """
      EXAMPLE
        martlet runs metric 4f0c… loss -o csv
      """)

  @Argument(help: "The run's id.") var id: String
  @Argument(help: "The metric's name.") var key: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      "/runs/\(APIClient.escape(id))/metrics/\(APIClient.escape(key))",
      [.init("STEP", "step", number: true), .init("VALUE", "value", number: true), .init("TIME", "time")],
      page: "/runs/\(id)")
  }
}
