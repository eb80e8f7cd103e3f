import Foundation
import Hummingbird
import Logging
import MartletAccess
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
  var buckets: ArtifactBuckets
  var linger: Duration?
  var reach: Reach
}

/// Builds the control plane once, in order: the folder's lock, the services, the listener; and takes it down in reverse.
struct Bootstrap {
  private var arguments: UpArguments

  init(_ arguments: UpArguments) { self.arguments = arguments }

  func run() async throws {
    let logger = Self.logger()
    let reach = arguments.reach
    let tls = try reach.tlsConfiguration()
    let port = try ListenCheck.port(host: arguments.host, port: arguments.port, orAny: arguments.anyPort)
    let directory = try DataDirectory(path: arguments.data)
    let plane = try await ControlPlane(
      configuration: ControlPlaneConfiguration(
        data: arguments.data, store: arguments.store, engines: EngineFolder.standard.path,
        scoring: scoringCommand(port), outbound: arguments.outbound, buckets: arguments.buckets,
        version: Martlet.version, access: reach.mode, authentication: reach.authentication,
        certificate: reach.certificate), logger: logger)
    try await greetNobody(plane)
    let measures = RequestMeasures()
    let application = try await buildApplication(
      ServerArguments(host: arguments.host, port: port, allowedHosts: reach.allowedHosts, tls: tls), plane: plane,
      measures: measures
    ) { address in
      await announce(address, directory, plane)
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

  /// What is worth knowing about who may use the server, before it can be used.
  private func greetNobody(_ plane: ControlPlane) async throws {
    let hasUsers = try await plane.platform.accounts.hasUsers()
    if hasUsers, !plane.configuration.access.isOn {
      StandardStream.error.write(
        "warning: there are users, but --no-auth lets everybody on this machine do everything without saying who they are\n"
      )
    }
    if arguments.reach.isPlainToOthers {
      StandardStream.error.write("warning: passwords and tokens travel unencrypted (--insecure-http)\n")
    }
  }

  /// The token for the first administrator, printed once for each start.
  private func offerSetup(_ address: LocalAddress, _ plane: ControlPlane) async throws {
    guard plane.configuration.access.isOn, try await !plane.platform.accounts.hasUsers() else { return }
    let token = try await plane.platform.accounts.newSetupToken()
    StandardStream.error.write(
      """
      Nobody has an account yet. This token creates the first administrator, once:
        \(token)
      at \(address.url)/setup, or: martlet user create NAME --setup-token TOKEN --server \(address.url)

      """)
  }

  private func announce(_ address: LocalAddress, _ directory: DataDirectory, _ plane: ControlPlane) async {
    let record = ServerRecord(
      url: address.url, pid: getpid(), started: plane.started, version: plane.configuration.version)
    do {
      try directory.announce(record)
    } catch {
      plane.logger.error("server.json could not be written", metadata: ["error": "\(error)"])
    }
    StandardStream.error.write("Martlet is up at \(address.url), data in \(directory.path)\n")
    do {
      try await offerSetup(address, plane)
    } catch {
      plane.logger.error("The token for the first administrator could not be made", metadata: ["error": "\(error)"])
    }
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
