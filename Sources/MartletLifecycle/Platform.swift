package import Logging
package import MartletAccess
package import MartletArtifacts
package import MartletCore
package import MartletData
package import MartletFeatures
package import MartletGovernance
package import MartletJobs
package import MartletLedger
package import MartletMonitoring
package import MartletPipelines
package import MartletRegistry
package import MartletServing
package import MartletStore
package import MartletTracking
import NIOPosix

/// Everything the control plane consists of, built once at start and handed to whoever delivers it.
package struct Platform: Sendable {
  package let version: String
  /// The data directory, absolute.
  package let dataFolder: String
  package let clock: WallClock
  package let database: any Database
  package let artifacts: ArtifactStore
  package let jobs: JobRunner
  package let ledger: Ledger
  package let projects: ProjectStore
  package let eventTimes: EventClockStore
  package let data: DataCatalog
  package let features: FeatureCatalog
  package let tracker: ExperimentTracker
  package let registry: ModelRegistry
  package let gates: GateStore
  package let pipelineRuns: PipelineRunStore
  package let deployments: Deployments
  package let outcomes: OutcomeLog
  package let windows: PredictionWindows
  package let monitors: MonitorStore
  package let alerts: AlertStore
  package let notifications: NotificationOutbox
  package let scoring: ScoringLink
  /// Where this server may go on its own account.
  package let outbound: OutboundPolicy
  /// Those outside who are told of what happens in the registry.
  package let webhooks: RegistryWebhooks
  package let accounts: Accounts

  /// - Parameters:
  ///   - outbound: where webhooks may lead beside public addresses.
  ///   - artifactRoots: folders of buckets in which experiments may keep artifacts that clients write themselves.
  ///   - accounts: over the same database; made here unless given.
  ///   - connect: a client of the scoring plane; throws while it is not running.
  package init(
    version: String, dataFolder: String, clock: WallClock, database: any Database, artifacts: ArtifactStore,
    jobs: JobRunner, ledger: Ledger, outbound: OutboundPolicy = OutboundPolicy(), artifactRoots: [S3Location] = [],
    logger: Logger,
    accounts: Accounts? = nil, connect: @escaping ScoringLink.Connect
  ) {
    self.version = version
    self.dataFolder = dataFolder
    self.clock = clock
    self.database = database
    self.artifacts = artifacts
    self.jobs = jobs
    self.ledger = ledger
    self.outbound = outbound
    projects = ProjectStore(database: database, artifacts: artifacts)
    eventTimes = EventClockStore(database: database, wall: clock)
    data = DataCatalog(
      database: database, artifacts: artifacts, jobs: jobs, clock: clock, work: dataFolder + "/scratch")
    features = FeatureCatalog(data: data, clock: clock, work: dataFolder + "/scratch")
    tracker = ExperimentTracker(database: database, clock: clock, artifactRoots: artifactRoots)
    registry = ModelRegistry(database: database, clock: clock)
    webhooks = RegistryWebhooks(
      database: database, clock: clock, seal: SecretSeal(keyFile: dataFolder + "/webhooks.key"),
      checkAddress: { try outbound.check(webhook: $0) })
    gates = GateStore(database: database)
    pipelineRuns = PipelineRunStore(database: database, wall: clock)
    let folder = ScoringFolder(data: dataFolder)
    deployments = Deployments(database: database, prove: ProveJob.prover(folder: folder, jobs: jobs))
    outcomes = OutcomeLog(database: database)
    monitors = MonitorStore(database: database)
    alerts = AlertStore(database: database)
    notifications = NotificationOutbox(database: database)
    self.accounts = accounts ?? Accounts(database: database, clock: clock)
    let features = features
    let link = ScoringLink(
      deployments: deployments, connect: connect,
      rows: { table in try await features.scoringRows(of: table) }, clock: clock, logger: logger)
    scoring = link
    windows = PredictionWindows(
      folder: folder, outcomes: outcomes, jobs: jobs, threads: .singleton, seal: { _ = try await link.seal() })
  }

  /// Takes what clients bring from other MLflow servers.
  package var imports: Imports { Imports(database: database, artifacts: artifacts, clock: clock) }

  /// Sends to the registry's webhooks.
  package var webhookSender: RegistryWebhookSender {
    RegistryWebhookSender(webhooks: webhooks, client: OutboundClient(policy: outbound), clock: clock)
  }

  /// Where work in progress lies; emptied at start.
  package var scratch: String { dataFolder + "/scratch" }

  /// A project's own time: its event clock's, or the wall's.
  package func now(of project: ProjectName) async throws -> Timestamp { try await eventTimes.now(project) }
}

extension FeatureCatalog {
  /// All rows of the online table behind a scoring table, whose name is `project/view`.
  fileprivate func scoringRows(of table: OnlineTableDefinition) async throws -> [OnlinePatch.Row] {
    let parts = table.name.split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return [] }
    return try await onlineTable(ProjectName(parts[0]), parts[1]).patchRows(for: table)
  }
}

/// The jobs that child processes of this binary can run.
package enum PlatformJobs {
  package static let handlers: [JobHandler] =
    DataJobs.handlers + FeatureJobs.handlers + ServingJobs.handlers
    + [SQLJob.handler, TrialJob.handler, EvaluationJob.handler, WindowJob.handler, ParquetRowsJob.handler]
}
