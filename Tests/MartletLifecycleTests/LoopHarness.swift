import Foundation
import Logging
import MartletArtifacts
import MartletCore
import MartletJobs
import MartletLedger
import MartletPipelines
import MartletStore
import MartletTesting
import Synchronization

@testable import MartletLifecycle

let ada = Author(name: "ada", role: "data scientist")
let june = Timestamp(year: 2013, month: 6, day: 1)

/// A whole platform over one database, without engines and without a scoring process, whose wall clock stands still
/// until it is set.
final class LoopHarness: Sendable {
  let database: any Database
  let platform: Platform
  let time: TimeBox

  init(_ kind: TestDatabase.Kind = .sqlite) async throws {
    database = try await kind.open()
    let folder = try TemporaryFolder.make()
    let artifacts = ArtifactStore(root: "\(folder)/artifacts")
    try await artifacts.prepare()
    let box = TimeBox(june)
    time = box
    platform = Platform(
      version: "0.0.0", dataFolder: folder, clock: WallClock { box.now }, database: database, artifacts: artifacts,
      jobs: .inProcess(handlers: []), ledger: Ledger(database: database), logger: Logger(label: "test"),
      connect: { throw MartletError(.unavailable, "there is no scoring process") })
  }

  static func with(_ kind: TestDatabase.Kind = .sqlite, _ body: (LoopHarness) async throws -> Void) async throws {
    let harness = try await LoopHarness(kind)
    do {
      try await body(harness)
    } catch {
      await harness.database.close()
      throw error
    }
    await harness.database.close()
  }

  /// A control loop, as a server that has just started has it.
  func loop() -> ControlLoop { ControlLoop(platform: platform, logger: Logger(label: "test")) }

  /// A runner whose only steps are commands, and a clock that starts runs on it.
  func commands() -> (runner: PipelineRunner, clock: EventClock) {
    let platform = platform
    let runner = PipelineRunner(
      projects: platform.projects, runs: platform.pipelineRuns, artifacts: platform.artifacts, jobs: platform.jobs,
      bodies: [.run: CommandStep().body], eventTime: { try await platform.now(of: $0) },
      settings: RunnerSettings(folder: platform.dataFolder + "/pipelines", slots: 2, wall: platform.clock))
    return (runner, EventClock(platform: platform, training: ContinuousTraining(platform: platform, runner: runner)))
  }

  @discardableResult
  func put(_ yaml: String) async throws -> ProjectVersion {
    let files = try ProjectFiles(texts: ["martlet.yaml": yaml])
    return try await loop().setup.put(ProjectSnapshot(files: files), of: "tiny", by: ada)
  }

  /// Entries with these actions, oldest first.
  func entries(_ actions: String...) async throws -> [LedgerRecord] {
    try await platform.ledger.entries(matching: LedgerFilter(actions: actions, newestFirst: false), limit: 1000).items
  }
}

/// A wall clock that a test sets.
final class TimeBox: Sendable {
  private let value: Mutex<Timestamp>

  init(_ time: Timestamp) { value = Mutex(time) }

  var now: Timestamp {
    get { value.withLock { $0 } }
    set { value.withLock { $0 = newValue } }
  }
}
