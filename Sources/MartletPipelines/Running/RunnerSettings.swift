package import MartletCore
package import NIOPosix

/// What a runner is given besides its services; tests put clocks and sleepers of their own here.
package struct RunnerSettings: Sendable {
  /// Folder for scratch and logs; nothing in it is needed once a run is over, except `logs`.
  package var folder: String
  /// Steps that work at the same time, over all runs.
  package var slots: Int
  /// For steps that name no time of their own.
  package var timeLimit: Duration
  package var wall: WallClock
  package var sleep: @Sendable (Duration) async throws -> Void
  package var threads: NIOThreadPool

  package init(
    folder: String, slots: Int = 2, timeLimit: Duration = .seconds(6 * 3600), wall: WallClock = .system,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    threads: NIOThreadPool = .singleton
  ) {
    self.folder = folder
    self.slots = slots
    self.timeLimit = timeLimit
    self.wall = wall
    self.sleep = sleep
    self.threads = threads
  }

  func logFolder(_ run: PipelineRunID, _ step: String) -> String { "\(folder)/logs/\(run)/\(step)" }
  func scratchFolder(_ run: PipelineRunID, _ step: String) -> String { "\(folder)/scratch/\(run)/\(step)" }
}
