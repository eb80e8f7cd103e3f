import AsyncHTTPClient
import Foundation
package import Logging
package import MartletAccess
package import MartletArtifacts
package import MartletCore
package import MartletJobs
import MartletLedger
package import MartletLifecycle
import MartletPipelines
package import MartletServing
package import MartletStore
import NIOPosix

/// Where one control plane keeps things, and how it is set up.
package struct ControlPlaneConfiguration: Sendable {
  /// The data directory, absolute.
  package var data: String
  /// The metadata database: `sqlite:///path` or `postgresql://…`; nil for SQLite in the data directory.
  package var store: String?
  /// The folder with DuckDB, LightGBM and the others.
  package var engines: String
  /// Starts a scoring process, such as `martlet serve --data DIR --port 5001`; nil leaves that to somebody else.
  package var scoring: [String]?
  /// Where webhooks may lead beside public addresses.
  package var outbound: OutboundPolicy
  /// Where artifacts are kept beside the data directory.
  package var buckets: ArtifactBuckets
  package var version: String
  package var access: AccessMode
  /// Whether everybody is asked who they are; nil: as soon as there are users.
  package var authentication: Bool?
  /// The certificate that the server shows, for the commands of steps to trust; nil without TLS.
  package var certificate: String?

  package init(
    data: String, store: String? = nil, engines: String, scoring: [String]? = nil,
    outbound: OutboundPolicy = OutboundPolicy(), buckets: ArtifactBuckets = ArtifactBuckets(), version: String,
    access: AccessMode = AccessMode(),
    authentication: Bool? = nil, certificate: String? = nil
  ) {
    self.data = data
    self.store = store
    self.engines = engines
    self.scoring = scoring
    self.outbound = outbound
    self.buckets = buckets
    self.version = version
    self.access = access
    self.authentication = authentication
    self.certificate = certificate
  }

  package var storeURL: String { store ?? "sqlite://\(data)/martlet.db" }
}

/// The control plane, built once: the loop, what runs beside requests, and where things are.
package struct ControlPlane: Sendable {
  package let configuration: ControlPlaneConfiguration
  package let logger: Logger
  package let started: Timestamp
  package let loop: ControlLoop
  package let scoring: ScoringSupervisor
  package let ownerships: Ownerships

  package var platform: Platform { loop.platform }
  package var clock: WallClock { platform.clock }

  /// Opens the database, bringing its schema up to date; everything else starts when it is first needed.
  ///
  /// - Parameters:
  ///   - jobs: where jobs run; child processes of this binary unless told.
  ///   - accounts: made over the database; the usual ones unless told.
  package init(
    configuration: ControlPlaneConfiguration, clock: WallClock = .system, jobs: JobRunner? = nil,
    accounts: ((any Database) -> Accounts)? = nil, logger: Logger
  ) async throws {
    self.logger = logger
    started = clock.now
    let data = configuration.data
    let artifacts = configuration.buckets.store(data: data)
    if let problem = try await artifacts.prepare() {
      logger.warning("The artifacts are away for the moment.", metadata: ["error": "\(problem)"])
    }
    let left = try await NIOThreadPool.singleton.runIfActive { LeftoverCommands.end(owner: data) }
    if left > 0 { logger.notice("Commands of a server that crashed were ended.", metadata: ["count": "\(left)"]) }
    let database = try await DatabaseOpener.open(url: configuration.storeURL, clock: clock)
    let scoring = ScoringSupervisor(
      folder: ScoringFolder(data: data),
      command: .init(arguments: configuration.scoring ?? ["/bin/false"], logFile: data + "/scoring.log"),
      http: .shared, threads: .singleton, logger: logger)
    self.scoring = scoring
    let platform = Platform(
      version: configuration.version, dataFolder: data, clock: clock, database: database, artifacts: artifacts,
      jobs: jobs ?? JobRunner(engines: configuration.engines, scratch: data + "/scratch/jobs", logger: logger),
      ledger: Ledger(database: database, checkpoint: CheckpointFile(path: data + "/ledger.checkpoint")),
      outbound: configuration.outbound, artifactRoots: configuration.buckets.direct, logger: logger,
      accounts: accounts?(database),
      connect: { try await scoring.client() })
    ownerships = Ownerships(platform: platform)
    var configuration = configuration
    configuration.access.isOn =
      if let told = configuration.authentication { told } else { try await platform.accounts.hasUsers() }
    self.configuration = configuration
    let tokens = platform.accounts.jobs
    loop = ControlLoop(
      platform: platform,
      commandVariables: { [configuration] in await Self.commandVariables(configuration, tokens, $0) },
      commandEnded: { if let token = $0["MARTLET_TOKEN"] { tokens.revoke(token) } }, logger: logger)
  }

  /// Where a step's command finds this server, and a token for it: MLflow's clients log to it without being told.
  private static func commandVariables(
    _ configuration: ControlPlaneConfiguration, _ tokens: JobTokens, _ context: StepContext
  ) async -> [String: String] {
    guard let url = await address(configuration.data) else { return [:] }
    var variables = ["MLFLOW_TRACKING_URI": url, "MARTLET_SERVER": url]
    variables["MLFLOW_TRACKING_SERVER_CERT_PATH"] = configuration.certificate
    variables["MARTLET_SERVER_CERT"] = configuration.certificate
    guard configuration.access.isOn else { return variables }
    let token = tokens.issue(for: "pipeline-run:\(context.pipelineRun)", in: context.project)
    variables["MLFLOW_TRACKING_TOKEN"] = token
    variables["MARTLET_TOKEN"] = token
    return variables
  }

  /// Where this server answers, once it does.
  private static func address(_ data: String) async -> String? {
    let record = try? await NIOThreadPool.singleton.runIfActive { ServerRecord.read(in: data) }
    return record?.url
  }

  /// What runs beside requests for as long as the server does: each returns when its task is cancelled.
  package var background: [BackgroundWork] {
    let (loop, scoring, logger) = (loop, scoring, logger)
    let sealer = LedgerSealer(ledger: platform.ledger, logger: logger)
    let data = configuration.data
    let notifications = NotificationDispatcher(
      platform: platform, base: { await Self.address(data) }, logger: logger)
    var work = [
      BackgroundWork("ledger sealer") { await sealer.run() },
      BackgroundWork("pipeline runs") { try await Self.run(loop, logger: logger) },
      BackgroundWork("event clock") { try await loop.tick(logger: logger) },
      BackgroundWork("scoring link") { try await loop.platform.scoring.run() },
      BackgroundWork("notifications") { await notifications.run() },
    ]
    if configuration.scoring != nil {
      work.append(BackgroundWork("scoring process") { try await scoring.run() })
    }
    return work
  }

  /// Continues what an earlier server left; at the end leaves what is under way to the next one.
  private static func run(_ loop: ControlLoop, logger: Logger) async throws {
    while !Task.isCancelled {
      do {
        try await loop.reportUnreported(logger: logger)
        _ = try await loop.runner.resume()
        break
      } catch {
        // A database that is away for a while ends no server.
        logger.warning("Unfinished pipeline runs could not be read; trying again.", metadata: ["cause": "\(error)"])
        try? await Task.sleep(for: .seconds(1))
      }
    }
    do { try await Task.sleep(for: .seconds(1_000_000_000)) } catch { await loop.runner.suspend() }
  }

  /// Whether work is under way that should not be cut short when nobody asks for anything.
  package func isBusy() async -> Bool {
    let open = try? await platform.pipelineRuns.runs(in: [.queued, .running])
    return open.map { !$0.isEmpty } ?? false
  }

  /// Ends the scoring process as well when nothing is live on it: a server that was started for one command leaves
  /// nothing behind.
  package func stopUnusedScoring() async {
    let live = (try? await platform.deployments.endpoints()) ?? []
    if live.allSatisfy({ $0.rollout.champion == nil }) { try? await scoring.stop() }
  }

  /// Ends what runs beside requests, then closes the database.
  package func close() async {
    platform.jobs.shutdown()
    await platform.database.close()
  }
}

/// Something that goes on until its task is cancelled.
package struct BackgroundWork: Sendable {
  package let name: String
  package let run: @Sendable () async throws -> Void

  package init(_ name: String, run: @escaping @Sendable () async throws -> Void) {
    self.name = name
    self.run = run
  }
}
