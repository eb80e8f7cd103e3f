package import Logging
import MartletCore
import MartletData
import MartletEngines
import MartletFeatures
import MartletMonitoring
package import MartletPipelines
import MartletRegistry

/// The loop itself, on one platform: what data, people and time set off.
package struct ControlLoop: Sendable {
  package let platform: Platform
  package let runner: PipelineRunner
  package let clock: EventClock
  package let setup: ProjectSetup
  package let deliveries: Deliveries
  package let release: Release

  /// - Parameters:
  ///   - commandVariables: what a step's command finds in its environment, such as where the server answers.
  ///   - commandEnded: is told these once the command is over.
  package init(
    platform: Platform, slots: Int = 2, commandVariables: @escaping CommandStep.Environment = { _ in [:] },
    commandEnded: @escaping CommandStep.Ended = { _ in }, logger: Logger
  ) {
    self.platform = platform
    let commands = CommandStep(
      environment: commandVariables, ended: commandEnded, owner: platform.dataFolder)
    runner = PipelineRunner(
      projects: platform.projects, runs: platform.pipelineRuns, artifacts: platform.artifacts, jobs: platform.jobs,
      bodies: StepBodies(platform: platform).all.merging([.run: commands.body]) { $1 },
      facts: { try await Self.facts(platform, $0, $1, at: $2) },
      eventTime: { try await platform.now(of: $0) },
      settings: RunnerSettings(folder: platform.dataFolder + "/pipelines", slots: slots, wall: platform.clock),
      onFinish: { await Self.report($0, platform, logger) }, logger: logger)
    clock = EventClock(platform: platform, training: ContinuousTraining(platform: platform, runner: runner))
    setup = ProjectSetup(platform: platform)
    deliveries = Deliveries(platform: platform)
    release = Release(platform: platform)
  }

  /// Looks after projects that follow the wall clock, once a second; returns when its task is cancelled.
  package func tick(logger: Logger) async throws {
    while !Task.isCancelled {
      do {
        for project in try await platform.projects.projects() where project.eventTime == nil {
          await tick(project.name, logger: logger)
        }
      } catch {
        logger.warning("What is due could not be done; trying again.", metadata: ["cause": "\(error)"])
      }
      try await Task.sleep(for: .seconds(1))
    }
  }

  /// One project's problem is not the next one's.
  private func tick(_ project: ProjectName, logger: Logger) async {
    do {
      _ = try await clock.advance(project, to: platform.clock.now, waits: false)
    } catch is CancellationError {
    } catch {
      logger.warning(
        "What is due could not be done; trying again.", metadata: ["project": "\(project)", "cause": "\(error)"])
    }
  }

  /// What a step depends on beside its own definition: data, the live version it is compared with, engines.
  private static func facts(
    _ platform: Platform, _ node: PipelineGraph.Node, _ version: ProjectVersion, at now: Timestamp
  )
    async throws -> [String: String]
  {
    var facts: [String: String] = ["environment": "martlet \(platform.version)"]
    var datasets = Set(node.datasets.map { DatasetName($0) })
    for name in node.features {
      let view = try await platform.features.view(version.project, name)
      datasets.formUnion(try await platform.features.inputs(of: view).map(\.name))
    }
    for name in datasets {
      let head = try await platform.data.head(DatasetKey(project: version.project, name: name))
      facts["data.\(name)"] = head?.id.text ?? "empty"
    }
    if case .evaluate(let evaluate) = node.step.work {
      for step in version.file.steps {
        guard case .register(let register) = step.work, register.model == evaluate.model else { continue }
        let champion = try? await platform.registry.findVersion(of: register.name, alias: StepBodies.championAlias)
        facts["champion"] = champion?.id.description ?? "none"
      }
    }
    return facts
  }

  /// Reports failed runs that an earlier server had no time to report before it died. To be called once, at the start.
  package func reportUnreported(logger: Logger) async throws {
    for project in try await platform.projects.projects() {
      for run in try await platform.pipelineRuns.runs(project.name, limit: 20).items where run.state == .failed {
        let known = try await platform.alerts.alerts(about: "pipeline-run:\(run.id)", limit: 1)
        if known.isEmpty { await Self.report(run, platform, logger) }
      }
    }
  }

  /// A run that failed is something its owner should know.
  private static func report(_ run: PipelineRun, _ platform: Platform, _ logger: Logger) async {
    guard run.state == .failed else { return }
    let failure = run.failure.map { "\($0.message)\($0.cause.map { ": \($0)" } ?? "")" } ?? "it failed"
    do {
      let owner = try? await platform.projects.active(run.project).file.charter?.owner
      _ = try await platform.alerts.raise(
        project: run.project, subject: "pipeline-run:\(run.id)", kind: "pipeline", severity: .error, owner: owner,
        reason: "pipeline run \(run.number) failed\(run.failure?.step.map { " in \($0)" } ?? ""): \(failure)",
        key: "pipeline/\(run.id)", at: run.eventTime)
    } catch {
      logger.error("An alert could not be raised.", metadata: ["cause": "\(error)"])
    }
  }
}
