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

/// Everything the control plane consists of, built once at start and handed to whoever delivers it.
package struct Platform: Sendable {
  package let database: any Database
  package let artifacts: ArtifactStore
  package let jobs: JobRunner
  package let ledger: Ledger
  package let clock: WallClock
  package let projects: ProjectStore
  package let data: DataCatalog
  package let features: FeatureCatalog
  package let tracker: ExperimentTracker
  package let registry: ModelRegistry
  package let gates: GateStore
  package let pipelineRuns: PipelineRunStore
  package let deployments: Deployments
  package let outcomes: OutcomeLog
  package let monitors: MonitorStore
  package let alerts: AlertStore
  package let scoring: ScoringClient
}
