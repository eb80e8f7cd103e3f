package import Logging
package import MartletArtifacts
package import MartletCore
package import MartletJobs
import MartletStore
import NIOPosix

/// Starts, continues and cancels pipeline runs. There is one in a server.
package actor PipelineRunner {
  private struct Active {
    var task: Task<Void, Never>
    var control: RunControl
  }

  private let services: RunnerServices
  private var active: [PipelineRunID: Active] = [:]
  private var waiters: [PipelineRunID: [CheckedContinuation<Void, Never>]] = [:]
  /// Counts ends of runs, so that one who waits notices an end that came while the database was read.
  private var ends = 0
  /// Runs whose end could not be stored.
  private var lost: Set<PipelineRunID> = []
  private var isStopping = false

  /// - Parameters:
  ///   - bodies: what each kind of step does.
  ///   - facts: versions of data and engines that a step depends on.
  ///   - eventTime: the project's own time.
  ///   - onFinish: called once for each run that has ended, before those who wait for it go on.
  package init(
    projects: ProjectStore, runs: PipelineRunStore, artifacts: ArtifactStore, jobs: JobRunner,
    bodies: [StepKind: StepBody], facts: @escaping StepFacts = { _, _, _ in [:] },
    eventTime: @escaping @Sendable (ProjectName) async throws -> Timestamp, settings: RunnerSettings,
    onFinish: @escaping @Sendable (PipelineRun) async -> Void = { _ in },
    logger: Logger = Logger(label: "martlet.pipelines")
  ) {
    services = RunnerServices(
      projects: projects, runs: runs, artifacts: artifacts, jobs: jobs, bodies: bodies, facts: facts,
      cache: StepCache(database: runs.database, artifacts: artifacts), eventTime: eventTime, settings: settings,
      slots: SlotPool(settings.slots), onFinish: onFinish, logger: logger)
  }

  /// Starts a run, puts it into the queue, or drops it, as the project's limits say.
  package func start(_ request: PipelineRunRequest) async throws -> PipelineRunAdmission {
    if isStopping { throw MartletError(.unavailable, "the server is stopping", fix: "try again when it is up") }
    let version = try await services.version(request)
    try version.file.requireSupported()
    let params = try version.file.parameters(overriddenBy: request.params)
    let files = try await services.projects.files(of: version)
    let graph = try PipelineGraph(version.file, files: files).restricted(to: request.targets)
    if graph.nodes.isEmpty {
      throw MartletError.invalidInput("the project '\(request.project)' has no steps", fix: "add steps to martlet.yaml")
    }
    let now = services.settings.wall.now
    let run = PipelineRun(
      id: .random(), project: request.project, number: 0, version: version.number, state: .queued,
      trigger: request.trigger, reason: request.reason, params: params, targets: request.targets,
      author: request.author,
      eventTime: try await services.eventTime(request.project), createdAt: now)
    let steps = graph.nodes.map { StepRecord(name: $0.name, kind: $0.step.kind, needs: $0.needs) }
    let admission = try await services.runs.admit(run, steps: steps, limits: version.file.limits)
    if case .started(let run) = admission { launch(run, ignoresCache: request.ignoresCache) }
    return admission
  }

  /// What a run of the request would do, and why, without starting it.
  package func plan(_ request: PipelineRunRequest) async throws -> PipelinePlan {
    let version = try await services.version(request)
    try version.file.requireSupported()
    let files = try await services.projects.files(of: version)
    let graph = try PipelineGraph(version.file, files: files).restricted(to: request.targets)
    return try await PipelinePlan.make(
      graph, version: version, files: files, params: try version.file.parameters(overriddenBy: request.params),
      now: try await services.eventTime(request.project), cache: services.cache, facts: services.facts)
  }

  /// Continues what an earlier server left under way, and starts what waits. To be called once, when the server starts.
  package func resume() async throws -> [PipelineRun] {
    let left = try await services.runs.runs(in: [.running])
    for run in left where active[run.id] == nil { launch(run, ignoresCache: false) }
    for project in Set(try await services.runs.runs(in: [.queued]).map(\.project)) { await startNext(project) }
    return left
  }

  /// Ends a run: what works is stopped, what has not begun stays undone.
  package func cancel(_ id: PipelineRunID, reason: String? = nil) async throws -> PipelineRun {
    let run = try await services.runs.run(id)
    if let running = active[id] {
      running.control.give(.cancel)
      running.task.cancel()
      await wait(for: id)
    } else if run.state == .queued {
      var cancelled = run
      cancelled.reason = reason ?? run.reason
      _ = try await services.runs.finish(cancelled, .cancelled, failure: nil)
      for var step in try await services.runs.steps(of: id) {
        step.state = .cancelled
        try await services.runs.save(step, of: run)
      }
      finished(id)
    } else if run.state.isOver {
      throw MartletError(
        .conflict, "the pipeline run \(run.number) of '\(run.project)' is over: it \(run.state.rawValue)")
    }
    return try await services.runs.run(id)
  }

  /// Returns the run when it is over; at once for one that already is.
  package func wait(_ id: PipelineRunID) async throws -> PipelineRun {
    while true {
      let seen = ends
      let run = try await services.runs.run(id)
      if run.state.isOver || isStopping { return run }
      if ends != seen { continue }
      if lost.contains(id) {
        throw MartletError(
          .unavailable, "the end of the pipeline run \(run.number) of '\(run.project)' could not be stored",
          fix: "see the server's log; when it starts again, it continues the run")
      }
      await wait(for: id)
    }
  }

  /// Returns when no run is under way or waiting to start.
  package func waitUntilIdle() async {
    while let id = active.keys.first { await wait(for: id) }
  }

  /// Stops working without ending the runs: the next start continues them.
  package func suspend() async {
    isStopping = true
    for running in active.values {
      running.control.give(.suspend)
      running.task.cancel()
    }
    for running in active.values { await running.task.value }
    for id in Array(waiters.keys) { finished(id) }
  }

  /// Lines of a step's log from an offset on, while it runs and afterwards.
  package func log(_ id: PipelineRunID, step: String, from offset: Int = 0, maximumBytes: Int = 256 << 10) async throws
    -> StepLogPage
  {
    let steps = try await services.runs.steps(of: id)
    guard steps.contains(where: { $0.name == step }) else {
      throw MartletError.notFound(
        "the run has no step '\(step.prefix(64))'\(didYouMean(step, among: steps.map(\.name)))")
    }
    let folder = services.settings.logFolder(id, step)
    return try await services.settings.threads.runIfActive {
      StepLogPage.read(folder: folder, from: max(0, offset), maximumBytes: min(max(maximumBytes, 1024), 4 << 20))
    }
  }

  // MARK: - Under way

  private func launch(_ run: PipelineRun, ignoresCache: Bool) {
    guard !isStopping, active[run.id] == nil else { return }
    let control = RunControl()
    let execution = PipelineExecution(run: run, services: services, control: control, ignoresCache: ignoresCache)
    active[run.id] = Active(
      task: Task {
        let ended = await execution.execute()
        await self.ended(run, ended)
      }, control: control)
  }

  private func ended(_ run: PipelineRun, _ ended: PipelineRun?) async {
    if let ended { await services.onFinish(ended) } else if !isStopping { lost.insert(run.id) }
    active[run.id] = nil
    if !isStopping { await startNext(run.project) }
    finished(run.id)
  }

  private func startNext(_ project: ProjectName) async {
    do {
      let limits = try await services.projects.active(project).file.limits
      let now = try await services.eventTime(project)
      while let run = try await services.runs.startNext(project, limits: limits, at: now) {
        launch(run, ignoresCache: false)
      }
    } catch {
      services.logger.error("the next pipeline run of '\(project)' could not be started: \(error)")
    }
  }

  private func wait(for id: PipelineRunID) async {
    await withCheckedContinuation { waiters[id, default: []].append($0) }
  }

  private func finished(_ id: PipelineRunID) {
    ends += 1
    for waiter in waiters.removeValue(forKey: id) ?? [] { waiter.resume() }
  }
}
