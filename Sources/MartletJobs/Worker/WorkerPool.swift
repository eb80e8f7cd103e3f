import Foundation
import MartletCore
import Synchronization

/// Workers that are kept for the next job while they stay healthy and small.
final class WorkerPool: Sendable {
  struct Settings: Sendable {
    var executable: String?
    var arguments: [String]
    var environment: [String: String]
    /// A worker leaves after so many jobs.
    var jobsPerWorker = 100
    /// A worker that holds more than this between jobs leaves, in MB.
    var restingMemoryMB = 400
  }

  private let settings: Settings
  private let idle = Mutex<[WorkerProcess]>([])
  private let isClosed = Mutex(false)

  init(_ settings: Settings) { self.settings = settings }

  /// Runs one job on a worker that is idle, else on a new one. Blocks.
  func perform(
    _ request: Data, end: ChildEnd, cancellation: Cancellation, onProgress: (JobProgress) -> Void,
    onLog: (String) -> Void
  ) throws -> Data {
    while true {
      guard !isClosed.withLock({ $0 }) else {
        throw MartletError(.unavailable, "\(end.subject) was not started: the server is shutting down")
      }
      let worker = try takeIdle() ?? start()
      do {
        defer { keep(worker) }
        return try worker.perform(request, end: end, cancellation: cancellation, onProgress: onProgress, onLog: onLog)
      } catch is WorkerProcess.LeftBefore {
        continue
      }
    }
  }

  /// Ends all idle workers and starts no more.
  func close() {
    isClosed.withLock { $0 = true }
    idle.withLock { $0 = [] }
  }

  private func takeIdle() -> WorkerProcess? {
    while let worker = idle.withLock({ $0.popLast() }) {
      if worker.isAlive { return worker }
    }
    return nil
  }

  private func start() throws -> WorkerProcess {
    try WorkerProcess(
      executable: settings.executable, arguments: settings.arguments, environment: settings.environment)
  }

  private func keep(_ worker: WorkerProcess) {
    guard worker.isAlive, worker.jobsDone < settings.jobsPerWorker, worker.memoryMB < settings.restingMemoryMB,
      !isClosed.withLock({ $0 })
    else { return }
    idle.withLock { $0.append(worker) }
  }
}
