import Foundation
import MartletCore

/// Runs plain commands: the `run` steps of a pipeline. Each gets a process group of its own, which is killed whole
/// when the command ends, is cancelled or reaches a limit. Its standard input is empty.
package enum CommandRunner {
  /// Runs a program with its arguments; a bare name is looked up in the PATH of `environment`.
  ///
  /// - Parameters:
  ///   - environment: all the command sees; nil is the server's own.
  ///   - subject: what runs, for the start of error messages.
  ///   - owner: who ends what is left of the command after a crash of the server, see `LeftoverCommands`.
  ///   - onOutput: called for each line, on the thread that watches the command; slow work here slows the command.
  /// - Throws: when the command cannot start, is cancelled, or reaches a limit. An exit code other than 0 is a result.
  package static func run(
    _ arguments: [String], environment: [String: String]? = nil, workingDirectory: String? = nil,
    limits: JobLimits = .standard, subject: String = "the command", owner: String? = nil,
    onOutput: @escaping @Sendable (CommandOutput) -> Void = { _ in }
  ) async throws -> CommandResult {
    guard !arguments.isEmpty else { throw MartletError.invalidInput("\(subject) names no program to run") }
    let cancellation = try Cancellation()
    var environment = environment ?? ProcessInfo.processInfo.environment
    environment[LeftoverCommands.variable] = owner
    let launch = ChildProcess.Launch(
      arguments: arguments, environment: environment,
      workingDirectory: workingDirectory, memoryBytes: limits.memoryBackstopBytes, cpuSeconds: limits.cpuLimit)
    return try await withTaskCancellationHandler {
      try await onBlockingThread("martlet-command") {
        try CommandWatch(launch, end: ChildEnd(subject: subject, limits: limits), onOutput: onOutput)
          .run(until: cancellation)
      }
    } onCancel: {
      cancellation.cancel()
    }
  }

  /// Runs a line of `/bin/sh`.
  package static func run(
    shell line: String, environment: [String: String]? = nil, workingDirectory: String? = nil,
    limits: JobLimits = .standard, subject: String = "the command", owner: String? = nil,
    onOutput: @escaping @Sendable (CommandOutput) -> Void = { _ in }
  ) async throws -> CommandResult {
    try await run(
      ["/bin/sh", "-c", line], environment: environment, workingDirectory: workingDirectory, limits: limits,
      subject: subject, owner: owner, onOutput: onOutput)
  }
}
