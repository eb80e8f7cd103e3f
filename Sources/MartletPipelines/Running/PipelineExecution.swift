import Foundation
import Logging
import MartletCore
import NIOPosix

/// Carries one run through: starts each step when what it needs is done, until nothing more can start.
struct PipelineExecution: Sendable {
  let run: PipelineRun
  let services: RunnerServices
  let control: RunControl
  let ignoresCache: Bool

  /// The ended run; nil when the server stops and the run is to be continued later, or its end could not be stored.
  func execute() async -> PipelineRun? {
    do {
      return try await carryOut()
    } catch {
      if case .suspend = control.order { return nil }
      let failure = RunFailure(MartletError(error, doing: "the pipeline run could not be carried out"))
      services.logger.error("pipeline run \(run.id): \(error)")
      return try? await services.runs.finish(run, .failed, failure: failure)
    }
  }

  private func carryOut() async throws -> PipelineRun? {
    let version = try await services.projects.version(run.project, run.version)
    let files = try await services.projects.files(of: version)
    let graph = try PipelineGraph(version.file, files: files).restricted(to: run.targets)
    var records = try await loadRecords()
    try await perform(graph, version, files, &records)
    if case .suspend = control.order { return nil }
    await removeScratch()
    if case .cancel = control.order {
      try await cancelRest(&records)
      return try await services.runs.finish(run, .cancelled, failure: nil)
    }
    let failed = graph.nodes.compactMap { records[$0.name] }.first { $0.state == .failed }
    return try await services.runs.finish(run, failed == nil ? .succeeded : .failed, failure: failed?.failure)
  }

  /// Steps as they are stored. What was under way when the server died starts again, unless its outputs are gone too.
  private func loadRecords() async throws -> [String: StepRecord] {
    var records: [String: StepRecord] = [:]
    for var record in try await services.runs.steps(of: run.id) {
      if record.state == .running {
        record.state = .pending
        record.attempt = 0
        let log = StepLog(
          folder: services.settings.logFolder(run.id, record.name), wall: services.settings.wall,
          threads: services.settings.threads)
        log.append("interrupted: the server stopped; the step starts again")
        await log.flush()
      }
      records[record.name] = record
    }
    return records
  }

  private func perform(
    _ graph: PipelineGraph, _ version: ProjectVersion, _ files: ProjectFiles, _ records: inout [String: StepRecord]
  ) async throws {
    var launched: Set<String> = []
    try await withThrowingTaskGroup(of: StepRecord.self) { group in
      while true {
        try await skipUnreachable(graph, &records)
        if case .goOn = control.order {
          for node in graph.nodes where !launched.contains(node.name) && isReady(node, records) {
            launched.insert(node.name)
            let execution = StepExecution(
              node: node, run: run, version: version, files: files, services: services, control: control,
              ignoresCache: ignoresCache, upstream: records.mapValues(\.outputs))
            let record = records[node.name] ?? StepRecord(name: node.name, kind: node.step.kind, needs: node.needs)
            group.addTask { try await execution.execute(record) }
          }
        }
        guard let ended = try await group.next() else { return }
        records[ended.name] = ended
      }
    }
  }

  private func isReady(_ node: PipelineGraph.Node, _ records: [String: StepRecord]) -> Bool {
    records[node.name]?.state == .pending && node.needs.allSatisfy { records[$0]?.state.isDone == true }
  }

  /// Marks what can no longer run because something that it needs failed.
  private func skipUnreachable(_ graph: PipelineGraph, _ records: inout [String: StepRecord]) async throws {
    for node in graph.nodes where records[node.name]?.state == .pending {
      let lost = node.needs.first { [.failed, .skipped].contains(records[$0]?.state) }
      guard let lost, var record = records[node.name] else { continue }
      record.state = .skipped
      record.reason = "\(lost) \(records[lost]?.state == .failed ? "failed" : "was skipped")"
      records[node.name] = record
      try await services.runs.save(record, of: run)
    }
  }

  private func cancelRest(_ records: inout [String: StepRecord]) async throws {
    for var record in records.values where !record.state.isOver {
      record.state = .cancelled
      try await services.runs.save(record, of: run)
    }
  }

  private func removeScratch() async {
    let folder = "\(services.settings.folder)/scratch/\(run.id)"
    try? await services.settings.threads.runIfActive { try FileManager.default.removeItem(atPath: folder) }
  }
}
