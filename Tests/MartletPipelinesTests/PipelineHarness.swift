import Foundation
import MartletArtifacts
import MartletCore
import MartletJobs
import MartletLedger
import MartletStore
import MartletTesting
import NIOPosix
import Synchronization

@testable import MartletPipelines

let ada = Author(name: "ada", role: "data scientist", requestID: "r-1")
let june = Timestamp(year: 2013, month: 6, day: 1)

/// A project store, a runner whose bodies are closures, and a record of what was run, over one database.
final class PipelineHarness: Sendable {
  let database: any Database
  let artifacts: ArtifactStore
  let projects: ProjectStore
  let runs: PipelineRunStore
  let clock: EventClockStore
  let folder: String
  let pauses = Mutex<[Duration]>([])
  let calls = Mutex<[String]>([])
  let finished = Mutex<[PipelineRun.State]>([])

  init(_ kind: TestDatabase.Kind) async throws {
    database = try await kind.open()
    folder = try TemporaryFolder.make()
    artifacts = ArtifactStore(root: "\(folder)/artifacts")
    projects = ProjectStore(database: database, artifacts: artifacts)
    runs = PipelineRunStore(database: database, wall: .fixed(june))
    clock = EventClockStore(database: database, wall: .fixed(june))
  }

  static func with(_ kind: TestDatabase.Kind, _ body: (PipelineHarness) async throws -> Void) async throws {
    let harness = try await PipelineHarness(kind)
    do {
      try await body(harness)
    } catch {
      await harness.database.close()
      throw error
    }
    await harness.database.close()
  }

  /// Uploads a project with these files; the project file is `martlet.yaml`.
  @discardableResult
  func put(_ yaml: String, files: [String: String] = [:], branch: String? = nil) async throws -> ProjectVersion {
    let files = try ProjectFiles(texts: files.merging(["martlet.yaml": yaml]) { $1 })
    return try await projects.put(ProjectSnapshot(files: files, commit: "c0ffee", branch: branch), by: ada, at: june)
  }

  /// A runner; bodies not given succeed with every output, whose contents say what went in.
  func runner(
    bodies: [StepKind: StepBody] = [:], facts: @escaping StepFacts = { _, _, _ in [:] }, slots: Int = 4,
    sleep: (@Sendable (Duration) async throws -> Void)? = nil
  ) -> PipelineRunner {
    var all: [StepKind: StepBody] = [:]
    for kind in StepKind.allCases { all[kind] = { step, context in try await self.perform(step, context) } }
    all.merge(bodies) { $1 }
    let settings = RunnerSettings(
      folder: "\(folder)/work", slots: slots, wall: .fixed(june),
      sleep: sleep ?? { duration in
        // Time limits never pass here; pauses between attempts pass at once and are recorded.
        if duration >= .seconds(3600) { try await Self.forever() }
        self.pauses.withLock { $0.append(duration) }
      })
    return PipelineRunner(
      projects: projects, runs: runs, artifacts: artifacts, jobs: .inProcess(handlers: []), bodies: all, facts: facts,
      eventTime: { [clock] in try await clock.now($0) }, settings: settings,
      onFinish: { run in self.finished.withLock { $0.append(run.state) } })
  }

  /// Waits until the task is cancelled.
  static func forever() async throws {
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    for await _ in stream {}
    _ = continuation
    try Task.checkCancellation()
  }

  func perform(_ step: StepDefinition, _ context: StepContext) async throws -> StepResult {
    calls.withLock { $0.append(step.name) }
    let inputs = context.inputs.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.fingerprint)" }
    let text =
      "\(step.name) \(context.params.sorted { $0.key < $1.key }) \(context.facts.sorted { $0.key < $1.key }) \(inputs)"
    var outputs: [String: StepOutput] = [:]
    for name in step.outputs {
      let blob = try await context.artifacts.put(bytes: Array("\(name) of \(text)".utf8))
      outputs[name] = StepOutput(digest: blob.digest, size: blob.size)
    }
    return StepResult(outputs, summary: "made \(step.outputs.count)")
  }

  func called() -> [String] {
    calls.withLock { calls in
      defer { calls = [] }
      return calls.sorted()
    }
  }

  func states(_ run: PipelineRun) async throws -> [String: StepRecord.State] {
    let steps = try await runs.steps(of: run.id)
    return Dictionary(uniqueKeysWithValues: steps.map { ($0.name, $0.state) })
  }

  func ledger(_ prefix: String) async throws -> [String] {
    let filter = LedgerFilter(objectPrefix: prefix)
    return try await Ledger(database: database).entries(matching: filter, limit: 1000).items.map(\.entry.action)
  }
}

extension PipelineRunner {
  /// Starts a run and waits for its end.
  func run(_ project: ProjectName, params: [String: JSON] = [:], ignoresCache: Bool = false, version: Int? = nil)
    async throws -> PipelineRun
  {
    let request = PipelineRunRequest(
      project: project, version: version, params: params, ignoresCache: ignoresCache, author: ada)
    guard let run = try await start(request).run else { throw MartletError(.internalError, "the run was dropped") }
    return try await wait(run.id)
  }
}

let smallProject = """
  martlet: 1
  project: tiny
  params: {days: 3, label: late}
  data: {flights: {source: f.csv}}
  steps:
    table: {sql: sql/table.sql}
    other: {sql: "select 1 as other"}
    fit: {train: {table: table.table, label: params.label}}
    check: {evaluate: {model: fit.model, table: table.table}}
    register: {register: {model: fit.model, name: tiny}, needs: [gate.quality]}
  gates: {quality: ["roc_auc > 0.5"]}
  """
let smallFiles = ["sql/table.sql": "select * from ${data.flights} limit ${params.days}"]
