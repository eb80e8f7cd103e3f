import ArgumentParser
import MartletCore

struct RunsViewsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "views", abstract: "Saved ways to look at an experiment's runs.",
    discussion: """
      EXAMPLE
        martlet runs views save best --experiment flight-delay --order "metrics.roc_auc desc"
        martlet runs list --experiment flight-delay --view best
      """,
    subcommands: [RunsViewsListCommand.self, RunsViewsSaveCommand.self, RunsViewsDeleteCommand.self])
}

struct RunsViewsListCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "An experiment's saved views.",
    discussion: """
      EXAMPLE
        martlet runs views list --experiment flight-delay
      """)

  @Option(help: "The experiment, by name or id.") var experiment: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      "/experiments/\(APIClient.escape(experiment))/views",
      [.init("VIEW", "name"), .init("QUERY", "query"), .init("BY", "saved_by"), .init("SAVED", "saved")],
      page: "/experiments")
  }
}

struct RunsViewsSaveCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "save", abstract: "Save a view under a name; one of that name is replaced.",
    discussion: """
      EXAMPLE
        martlet runs views save seeds --experiment flight-delay --group-by params.seed --columns metrics.roc_auc
      """)

  @Argument(help: "The view's name.") var name: String
  @Option(help: "The experiment, by name or id.") var experiment: String
  @OptionGroup var look: RunsLook
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    _ = try look.chosenColumns()
    let view = try await session.client.send(
      .put, "/experiments/\(APIClient.escape(experiment))/views/\(APIClient.escape(name))",
      ["query": .string(look.query)])
    session.output.item(
      view, [.init("view", "name"), .init("query", "query"), .init("by", "saved_by"), .init("saved", "saved")],
      link: session.page("/experiments"))
  }
}

struct RunsViewsDeleteCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete a saved view.",
    discussion: """
      EXAMPLE
        martlet runs views delete seeds --experiment flight-delay
      """)

  @Argument(help: "The view's name.") var name: String
  @Option(help: "The experiment, by name or id.") var experiment: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.client.send(
      .delete, "/experiments/\(APIClient.escape(experiment))/views/\(APIClient.escape(name))")
    session.output.note("deleted the view '\(name)' of \(experiment)")
  }
}
