import MartletCore
import MartletMonitoring
package import MartletPipelines
import MartletServing

/// Closes the loop: reads what monitoring says, asks the project's policy, starts a pipeline run.
///
/// It decides nothing about models: whether the challenger goes live is the gates' business.
package struct ContinuousTraining: Sendable {
  let platform: Platform
  let runner: PipelineRunner

  package init(platform: Platform, runner: PipelineRunner) {
    self.platform = platform
    self.runner = runner
  }

  /// Starts a run when a verdict sets off one of the project's triggers and the policy allows it; says so in words.
  func consider(_ verdict: MonitorVerdict, version: ProjectVersion, at now: Timestamp, waits: Bool) async throws
    -> String?
  {
    for trigger in version.file.triggers {
      guard case .monitor(let endpoint, let kinds) = trigger, endpoint == verdict.endpoint,
        let finding = verdict.findings.first(where: { kinds.contains($0.kind) })
      else { continue }
      return try await start(trigger.name, because: finding.reason, version, at: now, waits: waits)
    }
    return nil
  }

  /// Returns when none of the project's pipeline runs is under way, be it one that a killed server left behind: driven
  /// time stands still while one works.
  func waitForRuns(of project: ProjectName) async throws {
    while let run = try await platform.pipelineRuns.runs(in: [.running]).first(where: { $0.project == project }) {
      let ended = try await runner.wait(run.id)
      if !ended.state.isOver { return }
    }
  }

  private func start(
    _ trigger: String, because reason: String, _ version: ProjectVersion, at now: Timestamp, waits: Bool
  )
    async throws -> String?
  {
    if try await isReleasing(version) { return nil }
    let admission = try await runner.start(
      PipelineRunRequest(project: version.project, trigger: trigger, reason: reason, author: .martlet))
    guard case .started(let run) = admission else { return nil }
    if waits { _ = try await runner.wait(run.id) }
    return "pipeline run \(run.number) started by \(trigger): \(reason)"
  }

  /// A version that is still on its way is let through first: two challengers cannot be told apart.
  func isReleasing(_ version: ProjectVersion) async throws -> Bool {
    for endpoint in version.file.endpoints {
      let deployed = try await platform.deployments.endpoint(EndpointName(endpoint.name))
      if deployed.rollout.challenger != nil { return true }
    }
    return false
  }
}
