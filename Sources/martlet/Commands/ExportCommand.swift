import ArgumentParser
import MartletCore
import MartletExchange

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Take everything out again, in MLflow's own form.",
    discussion: """
      EXAMPLE
        martlet export mlflow ./mlruns
      """,
    subcommands: [ExportMLflowCommand.self])
}

struct ExportMLflowCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "mlflow",
    abstract: "Into a new mlruns folder, which stock MLflow opens; exit code 5 when both sides differ.",
    discussion: """
      EXAMPLE
        martlet export mlflow ./mlruns
        MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri ./mlruns

      Experiments, runs with every metric point, data sets, logged and registered models, and all artifacts, with their
      ids and times. 'mlflow migrate-filestore' turns the folder into a database. Not exported, because MLflow has no
      place for them there: webhooks, the ledger, gates, deployments, and models that were deleted. Nothing is written
      into a running MLflow server: its interface gives every run a new id and new times.
      """)

  @Argument(help: "A folder that does not exist yet.", completion: .directory) var folder: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let line = ProgressLine(session.output)
    let client = session.client
    let martlet = MLflowClient(server: client.server, authorization: client.authorization, http: client.http)
    let export = MLflowExport(
      source: ServerSource(martlet), destination: try FolderDestination(folder), line: line)
    do {
      try await export.run()
      let comparison = try await export.compare()
      line.clear()
      try comparison.show(session, link: nil)
    } catch {
      line.clear()
      throw error
    }
  }
}
