import Foundation
import MartletCore
import NIOPosix

/// Carries one step of a run through: cache, slot, attempts, result.
struct StepExecution: Sendable {
  let node: PipelineGraph.Node
  let run: PipelineRun
  let version: ProjectVersion
  let files: ProjectFiles
  let services: RunnerServices
  let control: RunControl
  let ignoresCache: Bool
  let upstream: [String: [String: StepOutput]]

  private var step: StepDefinition { node.step }

  /// The step as it ended. Throws only when its state cannot be stored.
  func execute(_ record: StepRecord) async throws -> StepRecord {
    let log = StepLog(
      folder: services.settings.logFolder(run.id, node.name), wall: services.settings.wall,
      threads: services.settings.threads)
    var record = record
    do {
      let facts = try await services.facts(node, version, run.eventTime)
      let ingredients = try StepIngredients(
        node, file: version.file, files: files, params: run.params, now: run.eventTime, facts: facts, upstream: upstream
      )
      record.cacheKey = ingredients.key.hex
      if let hit = try await cached(ingredients) {
        return try await save(taken(from: hit, record, log), log)
      }
      record.reason = try await reason(ingredients)
      try await services.slots.acquire()
      do {
        record = try await attempts(record, facts, ingredients, log)
      } catch {
        await services.slots.release()
        throw error
      }
      await services.slots.release()
      return record
    } catch {
      return try await ended(record, by: error, log)
    }
  }

  // MARK: - Cache

  private func cached(_ ingredients: StepIngredients) async throws -> StepCache.Hit? {
    guard step.kind.isCacheable, !ignoresCache else { return nil }
    return try await services.cache.hit(run.project, ingredients.key)
  }

  private func reason(_ ingredients: StepIngredients) async throws -> String {
    if !step.kind.isCacheable {
      return step.kind == .gate ? "a gate is judged anew each time" : "a deployment always looks at its endpoint"
    }
    if ignoresCache { return "asked to run everything" }
    return try await PipelinePlan.reason(ingredients, node.name, run.project, services.cache)
  }

  private func taken(from hit: StepCache.Hit, _ record: StepRecord, _ log: StepLog) -> StepRecord {
    var record = record
    record.state = .cached
    record.outputs = hit.outputs
    record.reason = "nothing it depends on has changed"
    record.startedAt = services.settings.wall.now
    record.finishedAt = record.startedAt
    log.append("outputs of the pipeline run \(hit.run) are used again: nothing the step depends on has changed")
    return record
  }

  // MARK: - Attempts

  private func attempts(
    _ first: StepRecord, _ facts: [String: String], _ ingredients: StepIngredients, _ log: StepLog
  ) async throws -> StepRecord {
    var record = first
    record.startedAt = services.settings.wall.now
    while true {
      record.state = .running
      record.attempt += 1
      try await services.runs.save(record, of: run)
      log.append("\(step.kind.rawValue) step '\(node.name)', attempt \(record.attempt): \(record.reason ?? "")")
      do {
        let result = try await attempt(record, facts, log)
        record.state = .succeeded
        record.outputs = result.outputs
        record.message = result.summary
        record.fraction = nil
        log.append("done\(result.summary.map { ": \($0)" } ?? "")")
        return try await save(record, log, caching: step.kind.isCacheable ? ingredients : nil)
      } catch {
        let error = MartletError(error, doing: "the step '\(node.name)' failed")
        guard let pause = pause(after: error, attempt: record.attempt) else {
          return try await ended(record, by: error, log)
        }
        log.append("attempt \(record.attempt) failed: \(error); the next one starts in \(pause.written)")
        do {
          try await services.settings.sleep(pause)
        } catch {
          return try await ended(record, by: error, log)
        }
      }
    }
  }

  /// How long to wait before the next attempt; nil when there is none.
  private func pause(after error: MartletError, attempt: Int) -> Duration? {
    guard case .goOn = control.order, !Task.isCancelled, attempt <= step.retry.maximum, step.kind != .gate,
      let cause = Self.cause(of: error), step.retry.causes.contains(cause)
    else { return nil }
    let doubled = Double(step.retry.backoffMilliseconds) * Double(1 << min(attempt - 1, 20))
    return .milliseconds(Int64(min(doubled, 3_600_000)))
  }

  /// What kind of failure it is; nil for those that another attempt cannot mend.
  private static func cause(of error: MartletError) -> StepRetry.Cause? {
    switch error.code {
    case .timedOut: .timeout
    case .unavailable, .tooManyRequests: .nodeLost
    case .cancelled, .invalidInput, .tooSlow, .notFound, .permissionDenied, .unauthenticated: nil
    default: .exit
    }
  }

  private func attempt(_ record: StepRecord, _ facts: [String: String], _ log: StepLog) async throws -> StepResult {
    guard let body = services.bodies[step.kind] else {
      throw MartletError(.internalError, "nothing carries out \(step.kind.rawValue) steps")
    }
    let scratch = services.settings.scratchFolder(run.id, "\(node.name)-\(record.attempt)")
    try await services.settings.threads.runIfActive {
      try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    }
    let progress = StepProgress(step: node.name, run: run.id, runs: services.runs, wall: services.settings.wall)
    let context = context(record, facts, scratch, log, progress)
    let result = try await limited { try await body(step, context) }
    await progress.stop()
    try? await services.settings.threads.runIfActive { try FileManager.default.removeItem(atPath: scratch) }
    for name in step.outputs where result.outputs[name] == nil {
      throw MartletError(.checkFailed, "the step '\(node.name)' ended without its output '\(name)'")
    }
    return result
  }

  private func context(
    _ record: StepRecord, _ facts: [String: String], _ scratch: String, _ log: StepLog, _ progress: StepProgress
  ) -> StepContext {
    var inputs: [StepOutputName: StepOutput] = [:]
    for name in node.inputs { inputs[name] = upstream[name.step]?[name.output] }
    return StepContext(
      project: run.project, version: version, file: version.file, files: files, pipelineRun: run.id, step: node.name,
      attempt: record.attempt, now: run.eventTime, params: run.params, inputs: inputs, facts: facts, scratch: scratch,
      artifacts: services.artifacts, jobs: services.jobs, author: run.author, log: { log.append($0) },
      progress: { progress.report($0, $1) })
  }

  /// Runs `work` within the step's time; what is still at it when the time is over is cancelled and waited for.
  private func limited(_ work: @escaping @Sendable () async throws -> StepResult) async throws -> StepResult {
    let limit = step.resources.timeMilliseconds.map(Duration.milliseconds) ?? services.settings.timeLimit
    let sleep = services.settings.sleep
    return try await withThrowingTaskGroup(of: StepResult?.self) { group in
      group.addTask { try await work() }
      group.addTask {
        try await sleep(limit)
        return nil
      }
      defer { group.cancelAll() }
      if let result = try await group.next() ?? nil { return result }
      throw MartletError(
        .timedOut, "the step '\(node.name)' did not end within \(limit.written)",
        fix: "give it more time (resources.time), or less to do")
    }
  }

  // MARK: - The end

  private func ended(_ record: StepRecord, by error: any Error, _ log: StepLog) async throws -> StepRecord {
    var record = record
    switch control.order {
    case .suspend:
      await log.flush()
      return record
    case .cancel:
      record.state = .cancelled
      log.append("cancelled")
    case .goOn:
      let error = MartletError(error, doing: "the step '\(node.name)' failed")
      record.state = .failed
      record.failure = RunFailure(error, step: node.name)
      log.append("failed: \(error)")
    }
    return try await save(record, log)
  }

  private func save(_ record: StepRecord, _ log: StepLog, caching ingredients: StepIngredients? = nil) async throws
    -> StepRecord
  {
    var record = record
    record.finishedAt = record.finishedAt ?? services.settings.wall.now
    await log.flush()
    try await services.runs.save(record, of: run, caching: ingredients)
    return record
  }
}
