import AsyncHTTPClient
import Foundation
package import Logging
import MartletArtifacts
package import MartletCore
package import MartletJobs
import MartletLedger
package import MartletLifecycle
import MartletPipelines
package import MartletServing
import MartletStore
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
  package var version: String

  package init(
    data: String, store: String? = nil, engines: String, scoring: [String]? = nil,
    outbound: OutboundPolicy = OutboundPolicy(), version: String
  ) {
    self.data = data
    self.store = store
    self.engines = engines
    self.scoring = scoring
    self.outbound = outbound
    self.version = version
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

  package var platform: Platform { loop.platform }
  package var clock: WallClock { platform.clock }

  /// Opens the database, bringing its schema up to date; everything else starts when it is first needed.
  ///
  /// - Parameter jobs: where jobs run; child processes of this binary unless told.
  package init(
    configuration: ControlPlaneConfiguration, clock: WallClock = .system, jobs: JobRunner? = nil, logger: Logger
  ) async throws {
    self.configuration = configuration
    self.logger = logger
    started = clock.now
    let data = configuration.data
    let artifacts = ArtifactStore(root: data + "/artifacts")
    try await artifacts.prepare()
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
      outbound: configuration.outbound, logger: logger, connect: { try await scoring.client() })
    loop = ControlLoop(platform: platform, commandVariables: { await Self.commandVariables(data) }, logger: logger)
  }

  /// Where a step's command finds this server: MLflow's clients log to it without being told.
  private static func commandVariables(_ data: String) async -> [String: String] {
    guard let url = await address(data) else { return [:] }
    return ["MLFLOW_TRACKING_URI": url, "MARTLET_SERVER": url]
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
