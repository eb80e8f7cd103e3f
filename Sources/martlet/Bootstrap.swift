import Foundation
import Hummingbird
import Logging
import MartletCore
import MartletEngines
import MartletLifecycle
import MartletServer
import ServiceLifecycle
import UnixSignals

/// What `martlet up` was told.
struct UpArguments {
  var host: String
  var port: Int
  /// Take any free port when `port` is in use.
  var anyPort: Bool
  var data: String
  var store: String?
  var scoringPort: Int?
  var outbound: OutboundPolicy
  var linger: Duration?
}

/// Builds the control plane once, in order: the folder's lock, the services, the listener; and takes it down in reverse.
struct Bootstrap {
  private var arguments: UpArguments

  init(_ arguments: UpArguments) { self.arguments = arguments }

  func run() async throws {
    let logger = Self.logger()
    let port = try ListenCheck.port(host: arguments.host, port: arguments.port, orAny: arguments.anyPort)
    let directory = try DataDirectory(path: arguments.data)
    let plane = try await ControlPlane(
      configuration: ControlPlaneConfiguration(
        data: arguments.data, store: arguments.store, engines: EngineFolder.standard.path,
        scoring: scoringCommand(port), outbound: arguments.outbound, version: Martlet.version), logger: logger)
    let measures = RequestMeasures()
    let application = try await buildApplication(
      ServerArguments(host: arguments.host, port: port), plane: plane, measures: measures
    ) { address in
      announce(address, directory, plane)
    }
    do {
      try await serve(application, plane, measures, logger)
    } catch {
      directory.withdraw()
      await plane.close()
      throw Self.explain(error, port: port)
    }
    directory.withdraw()
    await plane.close()
  }

  /// Starts the scoring process on the port that was named, else the one after the server's own.
  private func scoringCommand(_ port: Int) -> [String] {
    let scoringPort = arguments.scoringPort ?? (arguments.anyPort || port == 0 || port == 65_535 ? 0 : port + 1)
    return [Self.executable, "serve", "--data", arguments.data, "--port", String(scoringPort)]
  }

  /// This binary, wherever it was started from.
  private static var executable: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/proc/self/exe"
  }

  private func serve(
    _ application: some ApplicationProtocol, _ plane: ControlPlane, _ measures: RequestMeasures, _ logger: Logger
  ) async throws {
    var services: [ServiceGroupConfiguration.ServiceConfiguration] = plane.background.map {
      .init(service: BackgroundService(work: $0))
    }
    let memory = IdleMemory(measures: measures)
    services.append(.init(service: BackgroundService(work: BackgroundWork("idle memory") { try await memory.run() })))
    services.append(.init(service: application))
    if let linger = arguments.linger {
      let watch = LingerWatch(limit: linger, measures: measures, plane: plane)
      services.append(.init(service: watch, successTerminationBehavior: .gracefullyShutdownGroup))
    }
    var configuration = ServiceGroupConfiguration(
      services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(5)
    do {
      try await ServiceGroup(configuration: configuration).run()
    } catch is CancellationError {
      logger.debug("open connections were closed")
    }
  }

  private func announce(_ address: LocalAddress, _ directory: DataDirectory, _ plane: ControlPlane) {
    let record = ServerRecord(
      url: address.url, pid: getpid(), started: plane.started, version: plane.configuration.version)
    do {
      try directory.announce(record)
    } catch {
      plane.logger.error("server.json could not be written", metadata: ["error": "\(error)"])
    }
    StandardStream.error.write("Martlet is up at \(address.url), data in \(directory.path)\n")
  }

  /// Warnings and worse on standard error, unless `MARTLET_LOG` asks for more.
  private static func logger() -> Logger {
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    var logger = Logger(label: "martlet")
    let level = ProcessInfo.processInfo.environment["MARTLET_LOG"].flatMap { Logger.Level(rawValue: $0) }
    logger.logLevel = level ?? .notice
    return logger
  }

  private static func explain(_ error: any Error, port: Int) -> any Error {
    (error as? MartletError) ?? MartletError(.internalError, "the server stopped", cause: "\(error)")
  }
}

/// Stops the server when nobody needs it any more.
private struct LingerWatch: Service {
  let limit: Duration
  let measures: RequestMeasures
  let plane: ControlPlane

  func run() async throws {
    do {
      try await cancelWhenGracefulShutdown {
        while await isNeeded { try await Task.sleep(for: .milliseconds(200)) }
        await plane.stopUnusedScoring()
      }
    } catch is CancellationError {}
  }

  private var isNeeded: Bool {
    get async { if measures.idle < limit { true } else { await plane.isBusy() } }
  }
}

/// Work beside requests; it is cancelled when the server stops.
private struct BackgroundService: Service, CustomStringConvertible {
  let work: BackgroundWork
  var description: String { work.name }

  func run() async throws {
    do {
      try await cancelWhenGracefulShutdown { try await work.run() }
    } catch is CancellationError {}
  }
}
