import CMartletProcess
import Foundation
import MartletCore

/// One running command, watched by one thread.
final class CommandWatch {
  private final class Source {
    let stream: CommandOutput.Stream
    let descriptor: Descriptor
    var lines = LineBuffer(limit: 16 << 10)

    init(_ stream: CommandOutput.Stream, _ descriptor: Descriptor) {
      self.stream = stream
      self.descriptor = descriptor
      descriptor.makeNonBlocking()
    }
  }

  private let child: ChildProcess
  private let sources: [Source]
  private let end: ChildEnd
  private let deadline: Deadline
  private let onOutput: (CommandOutput) -> Void
  private let started = ContinuousClock.now
  private var tail = TextTail()
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)

  init(_ launch: ChildProcess.Launch, end: ChildEnd, onOutput: @escaping (CommandOutput) -> Void) throws {
    let (output, errors) = (try Descriptor.pipe(), try Descriptor.pipe())
    var launch = launch
    (launch.output, launch.errors) = (output.write, errors.write)
    child = try ChildProcess(launch)
    (launch.output, launch.errors) = (nil, nil)
    output.write.close()
    errors.write.close()
    sources = [Source(.output, output.read), Source(.errors, errors.read)]
    self.end = end
    self.onOutput = onOutput
    deadline = Deadline(after: end.limits.wallTime)
  }

  /// Passes output on until the command ends, then kills what it left behind.
  func run(until cancellation: Cancellation) throws -> CommandResult {
    while !child.hasEnded {
      if let reason = reasonToStop(cancellation) {
        let exit = child.end()
        finishOutput()
        _ = exit
        throw reason
      }
      wait(cancellation)
      for source in sources { read(source, chunks: 16) }
    }
    for source in sources { read(source, chunks: .max) }
    let exit = child.end()
    finishOutput()
    return try result(exit)
  }

  private func wait(_ cancellation: Cancellation) {
    var poll = Poll()
    for source in sources { _ = poll.add(source.descriptor) }
    _ = poll.add(cancellation.descriptor)
    let watchesEnd = poll.add(child.ended) != nil
    let often = end.limits.memoryMB != nil || !watchesEnd
    poll.wait(milliseconds: deadline.wait(atMost: often ? 100 : 5000))
  }

  private var nextMemoryLook = ContinuousClock.now

  private func reasonToStop(_ cancellation: Cancellation) -> MartletError? {
    if cancellation.isRequested { return end.cancelled }
    if deadline.isOver { return end.outOfTime }
    guard let limit = end.limits.memoryMB, nextMemoryLook <= .now else { return nil }
    nextMemoryLook = .now + .milliseconds(100)
    return child.memoryMB.map { $0 > limit } == true ? end.outOfMemory() : nil
  }

  private func read(_ source: Source, chunks: Int) {
    var left = chunks
    while left > 0, source.descriptor.isOpen {
      switch source.descriptor.read(into: &buffer) {
      case .bytes(let count):
        tail.append(buffer[..<count])
        for line in source.lines.append(buffer[..<count]) { pass(line, from: source) }
      case .nothing: return
      case .end: source.descriptor.close()
      }
      left -= 1
    }
  }

  private func finishOutput() {
    for source in sources {
      read(source, chunks: 1024)
      if let line = source.lines.finish() { pass(line, from: source) }
    }
  }

  private func pass(_ line: Data, from source: Source) {
    onOutput(CommandOutput(stream: source.stream, text: String(decoding: line, as: UTF8.self)))
  }

  private func result(_ exit: martlet_exit) throws -> CommandResult {
    let cpuSignal = 128 + SIGXCPU
    if end.limits.cpuSeconds != nil, exit.signal == SIGXCPU || exit.exit_code == cpuSignal { throw end.outOfCPU }
    return CommandResult(
      exitCode: exit.signal == 0 ? exit.exit_code : 128 + exit.signal, signal: exit.signal == 0 ? nil : exit.signal,
      cpuSeconds: exit.cpu_seconds, peakMemoryMB: Double(exit.peak_resident_bytes) / 1_048_576,
      wallTime: ContinuousClock.now - started, outputTail: tail.text)
  }
}
