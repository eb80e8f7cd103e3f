import MartletCore
import Synchronization

/// Passes a step's progress on to the database, at most twice a second and the latest only.
final class StepProgress: Sendable {
  private struct State {
    var latest: (fraction: Double?, message: String?)?
    var lastStored = Timestamp(milliseconds: 0)
    var task: Task<Void, Never>?
    var isStopped = false
  }

  private static let pause: Int64 = 500
  private let step: String
  private let run: PipelineRunID
  private let runs: PipelineRunStore
  private let wall: WallClock
  private let state = Mutex(State())

  init(step: String, run: PipelineRunID, runs: PipelineRunStore, wall: WallClock) {
    self.step = step
    self.run = run
    self.runs = runs
    self.wall = wall
  }

  func report(_ fraction: Double?, _ message: String?) {
    let now = wall.now
    let bounded = fraction.map { min(1, max(0, $0.isNaN ? 0 : $0)) }
    state.withLock { state in
      state.latest = (bounded, message.map { String($0.prefix(300)) } ?? state.latest?.message)
      let isDue = now.milliseconds - state.lastStored.milliseconds >= Self.pause
      guard isDue, state.task == nil, !state.isStopped else { return }
      state.lastStored = now
      state.task = Task { await self.store() }
    }
  }

  private func store() async {
    let latest = state.withLock { $0.latest }
    if let latest { try? await runs.saveProgress(latest.fraction, latest.message, step: step, of: run) }
    state.withLock { $0.task = nil }
  }

  /// Waits for what is being stored, so that nothing is written after the step's end.
  func stop() async {
    let task = state.withLock { state in
      state.isStopped = true
      return state.task
    }
    await task?.value
  }
}
