import CMartletProcess
import Foundation
import MartletCore

/// A running child: the leader of a process group that dies with the server.
final class ChildProcess {
  struct Launch: Sendable {
    /// The program, when it is not the first of the arguments.
    var executable: String?
    /// The program's name and arguments; a bare name is looked up in the PATH of `environment`.
    var arguments: [String]
    var environment: [String: String]
    var workingDirectory: String?
    var input: Descriptor?
    var output: Descriptor?
    var errors: Descriptor?
    var events: Descriptor?
    var memoryBytes: UInt64 = 0
    var cpuSeconds: UInt64 = 0
    /// Added to the server's niceness, so that serving goes before jobs.
    var niceness: Int32 = 5
  }

  let id: pid_t
  /// Readable when the process has ended; nil where the kernel cannot tell.
  let ended: Descriptor?
  private(set) var exit: martlet_exit?

  init(_ launch: Launch) throws {
    guard let outcome = SpawnThread.shared.run({ Self.spawn(launch) }) else {
      throw MartletError(.internalError, "the thread that starts processes is gone")
    }
    guard outcome.error == 0 else { throw Self.failure(launch, outcome) }
    id = outcome.id
    let descriptor = martlet_open_pid(outcome.id)
    ended = descriptor >= 0 ? Descriptor(descriptor) : nil
  }

  deinit { _ = end() }

  /// Whether the process has ended by itself; `end` then tells how.
  var hasEnded: Bool { exit != nil || martlet_has_ended(id) != 0 }

  /// Kills the process and everything it started that stayed in its group, and collects it. What had ended before
  /// keeps its own exit code.
  func end() -> martlet_exit {
    if let exit { return exit }
    kill(-id, SIGKILL)
    kill(id, SIGKILL)
    var result = martlet_exit(exit_code: -1, signal: SIGKILL, cpu_seconds: 0, peak_resident_bytes: 0)
    _ = martlet_wait(id, &result)
    exit = result
    return result
  }

  func limit(_ limits: JobLimits) { martlet_limit(id, limits.memoryBackstopBytes, limits.cpuLimit) }

  /// Private memory in MB, descendants included; nil when unknown.
  var memoryMB: Int? {
    let bytes = martlet_tree_private_bytes(id)
    return bytes < 0 ? nil : Int(bytes >> 20)
  }

  private struct Outcome: Sendable {
    var id: pid_t = 0
    var stage: Int32 = 0
    var error: Int32 = 0
  }

  private static func spawn(_ launch: Launch) -> Outcome {
    var outcome = Outcome()
    let arguments = CStrings(launch.arguments)
    let environment = CStrings(launch.environment.map { "\($0.key)=\($0.value)" })
    let directory = launch.workingDirectory.map { strdup($0) }
    defer { free(directory ?? nil) }
    var request = martlet_spawn_request()
    let executable = launch.executable.map { strdup($0) }
    defer { free(executable ?? nil) }
    request.executable = UnsafePointer(executable ?? nil) ?? arguments.first
    request.arguments = UnsafePointer(arguments.pointers)
    request.environment = UnsafePointer(environment.pointers)
    request.working_directory = UnsafePointer(directory ?? nil)
    request.input = launch.input?.number ?? -1
    request.output = launch.output?.number ?? -1
    request.errors = launch.errors?.number ?? -1
    request.events = launch.events?.number ?? -1
    request.memory_bytes = launch.memoryBytes
    request.cpu_seconds = launch.cpuSeconds
    request.niceness = launch.niceness
    outcome.error = martlet_spawn(&request, &outcome.id, &outcome.stage)
    return outcome
  }

  private static func failure(_ launch: Launch, _ outcome: Outcome) -> MartletError {
    let name = launch.arguments.first ?? ""
    let reason = String(cString: strerror(outcome.error))
    switch UInt32(bitPattern: outcome.stage) {
    case MARTLET_SPAWN_DIRECTORY.rawValue:
      return MartletError(
        .notFound, "the working folder '\(launch.workingDirectory ?? "")' cannot be entered", cause: reason)
    case MARTLET_SPAWN_EXECUTE.rawValue where outcome.error == ENOENT:
      return MartletError(
        .notFound, "the program '\(name)' was not found", cause: reason,
        fix: "install it, or write its full path; it is looked up in PATH")
    case MARTLET_SPAWN_EXECUTE.rawValue:
      return MartletError(
        .invalidInput, "the program '\(name)' cannot be run", cause: reason,
        fix: outcome.error == EACCES ? "make it executable: chmod +x" : nil)
    default:
      return MartletError(
        .unavailable, "no process could be started for '\(name)'", cause: reason,
        fix: "check the machine's free memory and its limit of processes (`ulimit -u`)")
    }
  }
}

/// A NULL-terminated array of C strings.
private final class CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ texts: [String]) {
    count = texts.count
    pointers = .allocate(capacity: texts.count + 1)
    for (index, text) in texts.enumerated() { pointers[index] = strdup(text) }
    pointers[texts.count] = nil
  }

  deinit {
    for index in 0..<count { free(pointers[index]) }
    pointers.deallocate()
  }

  var first: UnsafePointer<CChar>? { UnsafePointer(pointers[0]) }
}
