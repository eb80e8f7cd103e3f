import Foundation
package import Logging
import MartletCore

/// Which queue a job waits in.
package enum JobLane: Sendable, Hashable {
  /// Long work: ingestion, training, monitor windows.
  case batch
  /// Short work that somebody waits for, such as refreshing online features; it does not wait for batch jobs.
  case prompt
}

/// Runs jobs in child processes of the same binary, a few at a time, first come first served.
///
/// What a job does cannot harm the server: a crash, a hang or too much memory ends the child, and the caller gets a
/// `MartletError` that says which it was. Cancelling the calling task kills the job.
package final class JobRunner: Sendable {
  private enum Place: Sendable {
    case children(WorkerPool)
    case here([JobHandler])
  }

  private let place: Place
  private let slots: [JobLane: JobSlots]
  private let engines: String
  private let scratch: String
  private let logger: Logger

  private init(_ place: Place, engines: String, scratch: String, slots: Int, logger: Logger) {
    self.place = place
    self.slots = [.batch: JobSlots(slots), .prompt: JobSlots(1)]
    self.engines = engines
    self.scratch = scratch
    self.logger = logger
  }

  /// - Parameters:
  ///   - command: the program that calls `JobWorker.main`, with its arguments; nil is this binary's `job` command.
  ///   - engines: the folder of the engines.
  ///   - scratch: where each job gets a folder of its own; it is made when missing.
  ///   - slots: how many batch jobs run at once; one prompt job may run beside them.
  package convenience init(
    command: [String]? = nil, engines: String, scratch: String, slots: Int = 2, jobsPerWorker: Int = 100,
    logger: Logger = Logger(label: "martlet.jobs")
  ) {
    // A child has no use for the server's secrets.
    var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MARTLET_SECRET_") }
    // Threads that wait for work do not spin, and memory is given back sooner.
    environment["OMP_WAIT_POLICY"] = environment["OMP_WAIT_POLICY"] ?? "PASSIVE"
    environment["MALLOC_ARENA_MAX"] = environment["MALLOC_ARENA_MAX"] ?? "2"
    let settings = WorkerPool.Settings(
      executable: command == nil ? "/proc/self/exe" : nil, arguments: command ?? ["martlet", "job"],
      environment: environment, jobsPerWorker: jobsPerWorker)
    self.init(.children(WorkerPool(settings)), engines: engines, scratch: scratch, slots: slots, logger: logger)
  }

  /// Runs the handlers on threads of this process: for tests. Limits are not enforced; cancellation only where a
  /// handler asks for it.
  package static func inProcess(
    handlers: [JobHandler], engines: String = "", scratch: String = NSTemporaryDirectory(), slots: Int = 2
  ) -> JobRunner {
    JobRunner(
      .here(handlers), engines: engines, scratch: scratch, slots: slots, logger: Logger(label: "martlet.jobs"))
  }

  /// Runs one job and returns its result.
  ///
  /// - Parameter onProgress: called on the thread that watches the job.
  package func run<Result: Decodable & Sendable>(
    _ kind: String, _ arguments: some Encodable & Sendable, limits: JobLimits = .standard, lane: JobLane = .batch,
    returning: Result.Type = Result.self, onProgress: @escaping @Sendable (JobProgress) -> Void = { _ in }
  ) async throws -> Result {
    let cancellation = try Cancellation()
    return try await withTaskCancellationHandler {
      let slots = self.slots[lane]
      try await slots?.acquire()
      defer { slots?.release() }
      return try await onBlockingThread("martlet-job") {
        let payload = try JobWire.encode(arguments)
        let result = try self.inScratch { folder in
          try self.perform(kind, payload, limits, folder, cancellation, onProgress)
        }
        return try JobWire.decode(Result.self, from: result, what: "the result of the job '\(kind)'")
      }
    } onCancel: {
      cancellation.cancel()
    }
  }

  /// Ends idle workers and refuses further jobs; jobs that run end when their callers are cancelled.
  package func shutdown() {
    if case .children(let pool) = place { pool.close() }
  }

  private func perform(
    _ kind: String, _ payload: Data, _ limits: JobLimits, _ folder: String, _ cancellation: Cancellation,
    _ onProgress: @escaping @Sendable (JobProgress) -> Void
  ) throws -> Data {
    switch place {
    case .here(let handlers):
      let context = JobContext(
        engines: engines, scratch: folder, memoryMB: limits.memoryMB, cancelled: { cancellation.isRequested },
        report: onProgress)
      try context.checkCancellation()
      return try handlers.handler(of: kind).perform(payload, context)
    case .children(let pool):
      let header = JobWire.Request(kind: kind, engines: engines, scratch: folder, memoryMB: limits.memoryMB)
      var request = try JobWire.encode(header)
      request.append(0x0A)
      request.append(payload)
      request.append(0x0A)
      return try pool.perform(
        request, end: ChildEnd(subject: "the job '\(kind)'", limits: limits), cancellation: cancellation,
        onProgress: onProgress, onLog: { self.logger.debug("\($0)", metadata: ["job": "\(kind)"]) })
    }
  }

  /// Runs the body with a new private folder that is removed afterwards.
  private func inScratch<Value>(_ body: (String) throws -> Value) throws -> Value {
    let folder = "\(scratch)/job-\(UUID().uuidString.lowercased())"
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw MartletError(
        .unavailable, "the job's folder \(folder) could not be made", cause: "\(error)",
        fix: "check that the disk has space and that the data folder can be written")
    }
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
  }
}
