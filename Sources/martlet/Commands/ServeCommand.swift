import ArgumentParser
import Foundation
import Hummingbird
import Logging
import MartletCore
import MartletServing
import NIOPosix
import ServiceLifecycle
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Start a scoring process: it answers predictions, and nothing else.",
    discussion: """
      EXAMPLE
        martlet serve --data ./martlet-data --port 5001

      'martlet up' starts one by itself and finds it again. It keeps its last good configuration, and goes on
      answering when the server is away. It stops cleanly on TERM.
      """)

  @Option(help: "The port on which models answer; 0 lets the system choose.")
  var port = 5001

  @OptionGroup var global: GlobalOptions

  func run() async throws {
    umask(0o077)
    let port = try ListenCheck.port(host: "127.0.0.1", port: port, orAny: false)
    let logger = Self.logger()
    let server = try ScoringServer(
      options: .init(data: global.dataDirectory, port: port), threads: .singleton, logger: logger,
      load: PackageModel.load(folder:))
    let data = global.dataDirectory
    let application = server.application { port in
      FileHandle.standardError.write(Data("Scoring at http://127.0.0.1:\(port), data in \(data)\n".utf8))
    }
    defer { server.close() }
    try await Self.serve(application, TableKeeper(plane: server.plane, logger: logger), logger)
  }

  private static func serve(_ application: some Service, _ keeper: TableKeeper, _ logger: Logger) async throws {
    var configuration = ServiceGroupConfiguration(
      services: [.init(service: keeper), .init(service: application)], gracefulShutdownSignals: [.sigterm, .sigint],
      logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(5)
    do {
      try await ServiceGroup(configuration: configuration).run()
    } catch is CancellationError {
      logger.debug("open connections were closed")
    } catch {
      throw (error as? MartletError)
        ?? MartletError(.internalError, "the scoring process stopped", cause: "\(error)")
    }
  }

  private static func logger() -> Logger {
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    var logger = Logger(label: "martlet.scoring")
    let level = ProcessInfo.processInfo.environment["MARTLET_LOG"].flatMap { Logger.Level(rawValue: $0) }
    logger.logLevel = level ?? .notice
    return logger
  }
}
