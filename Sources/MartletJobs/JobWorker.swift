import CMartletProcess
import Foundation
import MartletCore

/// The child's side: `martlet job` serves one job after the other until its input ends.
package enum JobWorker {
  /// How long a worker without work stays, in milliseconds.
  private static let idleMilliseconds: Int32 = 60_000

  /// Serves requests from standard input; returns when the parent closes it, or when no work comes for a minute.
  package static func main(handlers: [JobHandler]) { serve(handlers, input: 0, events: 3) }

  static func serve(_ handlers: [JobHandler], input: Int32, events: Int32) {
    var input = LineReader(input)
    let events = EventWriter(events)
    while let header = input.next(waiting: idleMilliseconds), let arguments = input.next(waiting: idleMilliseconds) {
      do {
        let result = try serve(header, arguments, handlers, events)
        events.write(JobWire.Event(result: true), followedBy: result)
      } catch {
        let failure = MartletError(error, doing: "the job failed")
        events.write(JobWire.Event(error: JobWire.Failure(failure)))
      }
      martlet_trim_memory()
    }
  }

  private static func serve(_ header: Data, _ arguments: Data, _ handlers: [JobHandler], _ events: EventWriter) throws
    -> Data
  {
    let request = try JobWire.decode(JobWire.Request.self, from: header, what: "the job's header")
    let context = JobContext(
      engines: request.engines, scratch: request.scratch, memoryMB: request.memoryMB,
      report: { events.write(JobWire.Event(progress: JobWire.Progress(fraction: $0.fraction, message: $0.message))) })
    return try handlers.handler(of: request.kind).perform(arguments, context)
  }
}

/// Reads lines from a descriptor.
private struct LineReader {
  private let descriptor: Int32
  private var lines = LineBuffer()
  private var ready: ArraySlice<Data> = []

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// The next line; nil at the end of input or after waiting in vain.
  mutating func next(waiting milliseconds: Int32) -> Data? {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    while ready.isEmpty {
      var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let state = Glibc.poll(&poll, 1, milliseconds)
      if state < 0, errno == EINTR { continue }
      guard state > 0 else { return nil }
      let count = read(descriptor, &bytes, bytes.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      ready = lines.append(bytes[..<count])[...]
    }
    return ready.popFirst()
  }
}

/// Writes whole events to a descriptor, from any thread.
private final class EventWriter: @unchecked Sendable {
  private let descriptor: Int32
  private let lock = NSLock()

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  func write(_ event: JobWire.Event, followedBy payload: Data? = nil) {
    guard var bytes = try? JobWire.encode(event) else { return }
    bytes.append(0x0A)
    if let payload { bytes += payload + [0x0A] }
    lock.withLock {
      bytes.withUnsafeBytes { buffer in
        var rest = buffer[...]
        while !rest.isEmpty {
          let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
          if count < 0, errno == EINTR { continue }
          guard count > 0 else { exit(1) }
          rest = rest.dropFirst(count)
        }
      }
    }
  }
}

extension Slice where Base == UnsafeRawBufferPointer {
  fileprivate var baseAddress: UnsafeRawPointer? { UnsafeRawBufferPointer(rebasing: self).baseAddress }
}
