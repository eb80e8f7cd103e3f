import Logging
import MartletArtifacts
import MartletCore
import MartletJobs

/// What every run works with.
struct RunnerServices: Sendable {
  let projects: ProjectStore
  let runs: PipelineRunStore
  let artifacts: ArtifactStore
  let jobs: JobRunner
  let bodies: [StepKind: StepBody]
  let facts: StepFacts
  let cache: StepCache
  let eventTime: @Sendable (ProjectName) async throws -> Timestamp
  let settings: RunnerSettings
  let slots: SlotPool
  let onFinish: @Sendable (PipelineRun) async -> Void
  let logger: Logger

  func version(_ request: PipelineRunRequest) async throws -> ProjectVersion {
    if let number = request.version { return try await projects.version(request.project, number) }
    return try await projects.active(request.project)
  }
}
