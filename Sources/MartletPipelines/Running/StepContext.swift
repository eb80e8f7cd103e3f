package import MartletArtifacts
package import MartletCore
package import MartletJobs

/// What a step's body is given.
package struct StepContext: Sendable {
  package let project: ProjectName
  /// The code that runs.
  package let version: ProjectVersion
  package let file: ProjectFile
  package let files: ProjectFiles
  package let pipelineRun: PipelineRunID
  package let step: String
  /// 1 for the first.
  package let attempt: Int
  /// Event time of the run: what `${now}` stands for.
  package let now: Timestamp
  package let params: [String: JSON]
  /// Outputs of the steps before, by their name in the project file.
  package let inputs: [StepOutputName: StepOutput]
  /// What was known of the step when it was decided to run it: versions of data and engines, as `StepFacts` gave them.
  package let facts: [String: String]
  /// A folder of the step's own, removed when it ends.
  package let scratch: String
  package let artifacts: ArtifactStore
  package let jobs: JobRunner
  package let author: Author
  /// Adds a line to the step's log.
  package let log: @Sendable (String) -> Void
  /// Says how far it is: a share from 0 to 1, and in a few words what it is doing.
  package let progress: @Sendable (Double?, String?) -> Void

  /// Throws when the run was cancelled or the step's time is over.
  package func checkCancellation() throws {
    if Task.isCancelled { throw MartletError(.cancelled, "the step '\(step)' was cancelled") }
  }
}

/// Does the work of one kind of step.
package typealias StepBody = @Sendable (StepDefinition, StepContext) async throws -> StepResult
