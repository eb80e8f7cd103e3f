import MartletCore

/// How a command ended, and what it used.
package struct CommandResult: Sendable, Hashable {
  /// The exit code; 128 + n when signal n ended it, as shells count.
  package var exitCode: Int32
  /// The signal that ended it, nil when it ended by itself.
  package var signal: Int32?
  /// CPU time of the command and of the processes it waited for, in seconds.
  package var cpuSeconds: Double
  /// The largest resident memory of any one of its processes, in MB.
  package var peakMemoryMB: Double
  package var wallTime: Duration
  /// The end of what it wrote, at most 32 KB.
  package var outputTail: String

  package var succeeded: Bool { exitCode == 0 }

  /// Throws unless the exit code is 0.
  /// - Parameter subject: what ran, for the start of the message: "the step 'train'".
  package func requireSuccess(of subject: String) throws {
    guard !succeeded else { return }
    let how = signal.map { "was ended by \(ChildEnd.name(ofSignal: $0))" } ?? "ended with exit code \(exitCode)"
    let lastLine = outputTail.split(whereSeparator: \.isNewline).last.map { String($0).prefixed(300) }
    throw MartletError(.checkFailed, "\(subject) \(how)", cause: lastLine, fix: "see its log")
  }
}

/// One line that a command wrote.
package struct CommandOutput: Sendable, Hashable {
  package enum Stream: String, Sendable, Hashable, Codable { case output, errors }

  package var stream: Stream
  /// Without its end; bytes that are not UTF-8 are replaced. Lines over 16 KB come in pieces.
  package var text: String
}
