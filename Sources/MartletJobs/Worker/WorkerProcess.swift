import CMartletProcess
import Foundation
import MartletCore

/// The parent's side of one worker: a child process that serves one job after the other.
///
/// Used by one thread at a time.
final class WorkerProcess: @unchecked Sendable {
  /// The worker had left before it took the job: nothing was done, another may be asked.
  struct LeftBefore: Error {}

  private let child: ChildProcess
  private let requests: Descriptor
  private let events: Descriptor
  private let log: Descriptor
  private(set) var jobsDone = 0
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)

  init(executable: String?, arguments: [String], environment: [String: String]) throws {
    let (requests, events, log) = (try Descriptor.pipe(), try Descriptor.pipe(), try Descriptor.pipe())
    child = try ChildProcess(
      ChildProcess.Launch(
        executable: executable, arguments: arguments, environment: environment, input: requests.read,
        output: log.write, errors: log.write, events: events.write))
    (self.requests, self.events, self.log) = (requests.write, events.read, log.read)
    for descriptor in [self.requests, self.events, self.log] { descriptor.makeNonBlocking() }
  }

  var isAlive: Bool { !child.hasEnded }

  /// What the worker holds between jobs, in MB.
  var memoryMB: Int { child.memoryMB ?? 0 }

  /// Sends one job and waits for its end.
  /// - Parameter request: header and arguments, two lines.
  func perform(
    _ request: Data, end: ChildEnd, cancellation: Cancellation, onProgress: (JobProgress) -> Void,
    onLog: (String) -> Void
  ) throws -> Data {
    child.limit(end.limits)
    var job = Conversation(request: request, deadline: Deadline(after: end.limits.wallTime))
    defer {
      jobsDone += 1
      let text = job.log.text
      if !text.isEmpty { onLog(text) }
    }
    while true {
      wait(&job, cancellation: cancellation, watchesMemory: end.limits.memoryMB != nil)
      let ended = child.hasEnded
      send(&job)
      readLog(&job)
      if let result = try readEvents(&job, end: end, onProgress: onProgress) { return result }
      if ended { throw failure(of: job, end: end) }
      try enforce(end, on: job, cancellation: cancellation)
    }
  }

  private struct Conversation {
    var unsent: Data
    var lines = LineBuffer()
    var log = TextTail()
    var deadline: Deadline
    var hasStarted = false
    var awaitsResult = false

    init(request: Data, deadline: Deadline) {
      unsent = request
      self.deadline = deadline
    }
  }

  private func wait(_ job: inout Conversation, cancellation: Cancellation, watchesMemory: Bool) {
    var poll = Poll()
    if !job.unsent.isEmpty { _ = poll.add(requests, writing: true) }
    for descriptor in [events, log, cancellation.descriptor] { _ = poll.add(descriptor) }
    let watchesEnd = poll.add(child.ended) != nil
    poll.wait(milliseconds: job.deadline.wait(atMost: watchesMemory || !watchesEnd ? 100 : 5000))
  }

  private func send(_ job: inout Conversation) {
    while !job.unsent.isEmpty {
      let count = job.unsent.withUnsafeBytes { write(requests.number, $0.baseAddress, min($0.count, 1 << 20)) }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno != EAGAIN { job.unsent = Data() }
      guard count > 0 else { return }
      job.unsent = job.unsent.count == count ? Data() : Data(job.unsent.dropFirst(count))
    }
  }

  private func readLog(_ job: inout Conversation) {
    while log.isOpen {
      switch log.read(into: &buffer) {
      case .bytes(let count): job.log.append(buffer[..<count])
      case .nothing: return
      case .end: log.close()
      }
    }
  }

  /// The result, once it is there.
  private func readEvents(_ job: inout Conversation, end: ChildEnd, onProgress: (JobProgress) -> Void) throws -> Data? {
    while events.isOpen {
      switch events.read(into: &buffer) {
      case .bytes(let count):
        job.hasStarted = true
        for line in job.lines.append(buffer[..<count]) {
          if job.awaitsResult { return line }
          try handle(line, &job, end: end, onProgress: onProgress)
        }
      case .nothing: return nil
      case .end: events.close()
      }
    }
    return nil
  }

  private func handle(_ line: Data, _ job: inout Conversation, end: ChildEnd, onProgress: (JobProgress) -> Void) throws
  {
    guard let event = try? JSONDecoder().decode(JobWire.Event.self, from: line) else {
      _ = child.end()
      throw end.garbage(String(decoding: line.prefix(200), as: UTF8.self))
    }
    if let failure = event.error { throw failure.error }
    if event.result == true { job.awaitsResult = true }
    if let progress = event.progress {
      onProgress(JobProgress(fraction: progress.fraction, message: progress.message))
    }
  }

  private func enforce(_ end: ChildEnd, on job: Conversation, cancellation: Cancellation) throws {
    let reason: MartletError
    if cancellation.isRequested {
      reason = end.cancelled
    } else if job.deadline.isOver {
      reason = end.outOfTime
    } else if let limit = end.limits.memoryMB, let used = child.memoryMB, used > limit {
      reason = end.outOfMemory()
    } else {
      return
    }
    _ = child.end()
    throw reason
  }

  private func failure(of job: Conversation, end: ChildEnd) -> any Error {
    let exit = child.end()
    if exit.exit_code == 0, !job.hasStarted, jobsDone > 0 { return LeftBefore() }
    return end.error(exit, log: job.log)
  }
}
