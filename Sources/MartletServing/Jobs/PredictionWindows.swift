import Foundation
package import MartletCore
package import MartletJobs
package import NIOPosix

/// Reads back what was predicted: seals the log, and makes a table of a time window with the outcomes joined.
package struct PredictionWindows: Sendable {
  private let folder: ScoringFolder
  private let outcomes: OutcomeLog
  private let jobs: JobRunner
  private let threads: NIOThreadPool
  /// Finishes the log's segment; throws when the scoring plane is away.
  private let seal: @Sendable () async throws -> Void

  /// An outcome counts as unknown when nothing was predicted under its id since this long before the window.
  private static let reach = Duration.seconds(2 * 86_400)

  package init(
    folder: ScoringFolder, outcomes: OutcomeLog, jobs: JobRunner, threads: NIOThreadPool,
    seal: @escaping @Sendable () async throws -> Void
  ) {
    self.folder = folder
    self.outcomes = outcomes
    self.jobs = jobs
    self.threads = threads
    self.seal = seal
  }

  /// Writes the predictions of the window to a Parquet file; the columns are `CompactJob`'s.
  ///
  /// - Parameters:
  ///   - end: predictions from `start` to before `end`, in event time.
  ///   - known: only outcomes known before this time are joined.
  ///   - output: absolute path of the Parquet file, in a folder that is there.
  package func write(
    _ endpoint: EndpointName, from start: Timestamp, to end: Timestamp, outcomesKnownBy known: Timestamp,
    columns: [CompactJob.Column], output: String
  ) async throws -> CompactJob.Result {
    // A plane that is away has sealed nothing new; what it sealed before can be read.
    try? await seal()
    let lines = try await outcomes.lines(of: endpoint, from: start, to: known)
    let folder = folder
    let file = output + ".outcomes.ndjson"
    let segments = try await threads.runIfActive {
      try Data(lines).write(to: URL(fileURLWithPath: file))
      return SealedSegment.list(in: folder.log).filter { $0.overlaps(start - Self.reach, end) }
        .map { folder.log + "/" + $0.name }
    }
    defer { unlink(file) }
    return try await jobs.run(
      CompactJob.kind,
      CompactJob.Arguments(
        segments: segments, endpoint: endpoint, start: start, end: end, outcomes: file, columns: columns,
        output: output))
  }
}
