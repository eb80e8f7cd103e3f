import ArgumentParser
import MartletLifecycle

struct UpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up", abstract: "Start the server: API, pages, scheduler and monitors.",
    discussion: """
      EXAMPLE
        martlet up --port 5000 --data ./martlet-data

      One server owns a data directory. It listens on this machine only, until there are users and permissions.
      It starts a scoring process on the port after its own and stops cleanly on Ctrl-C or TERM.
      `to: webhook:secret:oncall` in a project file needs MARTLET_SECRET_ONCALL (the address) in the server's environment,
      and MARTLET_SECRET_ONCALL_KEY where its messages are to be signed.
      """)

  @Option(help: "The port of API and pages; 0 lets the system choose.")
  var port = 5000

  @Option(help: "The loopback address to listen on.")
  var host = "127.0.0.1"

  @Option(
    help: ArgumentHelp(
      "The metadata database, postgresql://user@host/name; SQLite in the data directory unless told.", valueName: "url")
  )
  var store: String?

  @Option(help: "The port on which models answer; the port after --port unless told.")
  var scoringPort: Int?

  @Option(
    help: ArgumentHelp(
      "Let webhooks lead to this host although its address is not public; may be given several times.",
      valueName: "host[:port]"))
  var allowOutbound: [String] = []

  @Option(
    help: ArgumentHelp(
      "Stop when nobody has asked for anything for this long and no work is under way.", valueName: "time"))
  var linger: Span?

  @Flag(help: .hidden)
  var anyPort = false

  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await Bootstrap(
      UpArguments(
        host: host, port: port, anyPort: anyPort, data: global.dataDirectory, store: store, scoringPort: scoringPort,
        outbound: try OutboundPolicy(reading: allowOutbound), linger: linger?.duration)
    ).run()
  }
}
