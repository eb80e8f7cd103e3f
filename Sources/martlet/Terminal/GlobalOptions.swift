import ArgumentParser
import Foundation
import MartletServer

/// Options that every command takes, in any place on the line.
struct GlobalOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The server to talk to; the one of the data directory unless told.", valueName: "url"))
  var server: String?

  @Option(help: ArgumentHelp("The server's data directory ($MARTLET_DATA).", valueName: "dir"))
  var data: String?

  @Option(help: ArgumentHelp("The project; the one in ./martlet.yaml unless told.", valueName: "name"))
  var project: String?

  @Option(name: [.short, .long], help: "table, json, jsonl or csv.")
  var output: OutputFormat = .table

  @Flag(help: "Plain text without colours ($NO_COLOR).")
  var noColor = false

  var dataDirectory: String { data.map(DataDirectory.absolute) ?? DataDirectory.standard() }

  /// Colours belong on a terminal, unless someone said no.
  var usesColor: Bool {
    let environment = ProcessInfo.processInfo.environment
    return !noColor && environment["NO_COLOR", default: ""].isEmpty && isatty(STDOUT_FILENO) == 1
      && environment["TERM"] != "dumb"
  }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table, json, jsonl, csv
}
