import ArgumentParser
import Foundation
import MartletCore

@main
struct Martlet: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "martlet",
    abstract:
      "The machine-learning loop in one binary: data, features, training, registry, serving, monitoring, retraining.",
    discussion: """
      EXAMPLE
        martlet up &                 start the server and its pages on http://127.0.0.1:5000
        martlet run                  run the pipeline of ./martlet.yaml and follow it
        martlet status               what is live, how it is doing, what needs you

      Global options stand anywhere: --server URL, --data DIR, --project NAME, -o table|json|jsonl|csv, --no-color.
      Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 check or gate failed, 6 conflict, 7 unavailable, 130 interrupted.
      """,
    version: version, subcommands: [JobCommand.self],
    groupedSubcommands: [
      CommandGroup(
        name: "Server", subcommands: [UpCommand.self, ServeCommand.self, DoctorCommand.self, EnginesCommand.self]),
      CommandGroup(name: "Pipelines", subcommands: [RunCommand.self, PlanCommand.self, StatusCommand.self]),
      CommandGroup(
        name: "Data and models",
        subcommands: [
          DataCommand.self, ExperimentsCommand.self, RunsCommand.self, ModelCommand.self, WebhookCommand.self,
          ImportCommand.self, ExportCommand.self,
        ]),
      CommandGroup(
        name: "Live",
        subcommands: [
          DeploymentCommand.self, ReplayCommand.self, MonitorCommand.self, AlertCommand.self, AuditCommand.self,
          DemoCommand.self,
        ]),
      CommandGroup(
        name: "People",
        subcommands: [
          LoginCommand.self, LogoutCommand.self, WhoAmICommand.self, UserCommand.self, TokenCommand.self,
          RoleCommand.self,
        ]),
      CommandGroup(name: "Shell", subcommands: [CompletionCommand.self]),
    ])

  static func main() async {
    let arguments = GlobalFlags.moveToEnd(Array(CommandLine.arguments.dropFirst()))
    let report = ErrorReport(arguments: arguments)
    do {
      try CommandNames.check(arguments)
      var command = try parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      Foundation.exit(report.show(error))
    }
  }
}
