package import Logging
package import MartletArtifacts
package import MartletCore
package import MartletJobs
package import MartletLedger
package import MartletMonitoring
package import MartletServing
package import MartletStore

/// Where one control plane keeps things, and how it is set up.
package struct ControlPlaneConfiguration: Sendable {
  /// The data directory, absolute.
  package var data: String
  /// The metadata database: `sqlite:///path` or `postgresql://…`; nil for SQLite in the data directory.
  package var store: String?
  /// The folder with DuckDB, LightGBM and the others.
  package var engines: String
  package var version: String

  package init(data: String, store: String? = nil, engines: String, version: String) {
    self.data = data
    self.store = store
    self.engines = engines
    self.version = version
  }

  package var storeURL: String { store ?? "sqlite://\(data)/martlet.db" }
}

/// Every service of the control plane, built once and handed to the routes.
package struct ControlPlane: Sendable {
  package let configuration: ControlPlaneConfiguration
  package let logger: Logger
  package let clock: WallClock
  package let started: Timestamp
  package let database: any Database
  package let artifacts: ArtifactStore
  package let ledger: Ledger
  package let jobs: JobRunner
  package let deployments: Deployments
  package let outcomes: OutcomeLog
  package let monitors: MonitorStore
  package let alerts: AlertStore

  /// Opens the database, bringing its schema up to date; everything else starts when it is first needed.
  ///
  /// - Parameter jobs: where jobs run; child processes of this binary unless told.
  package init(
    configuration: ControlPlaneConfiguration, clock: WallClock = .system, jobs: JobRunner? = nil, logger: Logger
  ) async throws {
    self.configuration = configuration
    self.clock = clock
    self.logger = logger
    started = clock.now
    let jobs =
      jobs
      ?? JobRunner(engines: configuration.engines, scratch: configuration.data + "/scratch", logger: logger)
    self.jobs = jobs
    artifacts = ArtifactStore(root: configuration.data + "/artifacts")
    try await artifacts.prepare()
    database = try await DatabaseOpener.open(url: configuration.storeURL, clock: clock)
    ledger = Ledger(
      database: database, checkpoint: CheckpointFile(path: configuration.data + "/ledger.checkpoint"))
    deployments = Deployments(
      database: database, prove: ProveJob.prover(folder: ScoringFolder(data: configuration.data), jobs: jobs))
    outcomes = OutcomeLog(database: database)
    monitors = MonitorStore(database: database)
    alerts = AlertStore(database: database)
  }

  /// What runs beside requests for as long as the server does: each returns when its task is cancelled.
  package var background: [BackgroundWork] {
    let sealer = LedgerSealer(ledger: ledger, logger: logger)
    return [BackgroundWork("ledger sealer") { await sealer.run() }]
  }

  /// Whether work is under way that should not be cut short when nobody asks for anything.
  package var isBusy: Bool { false }

  /// Ends what runs beside requests, then closes the database.
  package func close() async {
    jobs.shutdown()
    await database.close()
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
