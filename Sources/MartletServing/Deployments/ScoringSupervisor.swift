package import AsyncHTTPClient
import Foundation
package import Logging
import MartletCore
package import NIOPosix
import ServiceLifecycle

/// Sees to it that a scoring process runs for the data directory: finds the one that runs, or starts one in a session
/// of its own, which outlives this process; starts it again, with growing pauses, when it dies.
package actor ScoringSupervisor: Service {
  package struct Command: Sendable {
    /// The program and its arguments, such as `martlet serve --data DIR --port 5001`.
    package var arguments: [String]
    /// Where its standard output and error go; appended.
    package var logFile: String

    package init(arguments: [String], logFile: String) {
      self.arguments = arguments
      self.logFile = logFile
    }
  }

  private let folder: ScoringFolder
  private let command: Command
  private let http: HTTPClient
  private let threads: NIOThreadPool
  private let logger: Logger
  private var child: pid_t?
  private var address: ScoringAddress?
  private var failures = 0
  private var notBefore = ContinuousClock.now

  package init(folder: ScoringFolder, command: Command, http: HTTPClient, threads: NIOThreadPool, logger: Logger) {
    self.folder = folder
    self.command = command
    self.http = http
    self.threads = threads
    self.logger = logger
  }

  /// Watches until shutdown, and then leaves the scoring process running.
  package func run() async throws {
    try await cancelWhenGracefulShutdown { [self] in
      while !Task.isCancelled {
        do { _ = try await check() } catch { logger.debug("No scoring process yet.", metadata: ["cause": "\(error)"]) }
        try await Task.sleep(for: .milliseconds(500))
      }
    }
  }

  /// A client of the process that runs; throws `unavailable` when there is none at the moment.
  package func client() async throws -> ScoringClient {
    let found = try await check()
    let path = folder.token
    let token = try await threads.runIfActive { try AdminToken.load(path: path) }
    return ScoringClient(port: found.port, token: token, http: http)
  }

  /// The port the scoring process answers on, when it runs.
  package var port: Int? { address?.port }

  /// Waits until the process answers.
  package func ready(within limit: Duration = .seconds(10)) async throws -> ScoringState {
    let end = ContinuousClock.now + limit
    while true {
      do { return try await client().state() } catch {
        guard ContinuousClock.now < end else { throw error }
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Ends the scoring process and waits until it is gone.
  package func stop() async throws {
    let folder = folder
    guard let address = try await threads.runIfActive({ try ScoringAddress.living(in: folder) }) else { return }
    kill(address.processID, SIGTERM)
    while ScoringAddress.startTicks(of: address.processID) == address.startTicks {
      reap()
      try await Task.sleep(for: .milliseconds(20))
    }
    reap()
    self.address = nil
  }

  private func check() async throws -> ScoringAddress {
    reap()
    let folder = folder
    if let found = try await threads.runIfActive({ try ScoringAddress.living(in: folder) }) {
      if address != found { logger.info("Scoring process found.", metadata: ["pid": "\(found.processID)"]) }
      address = found
      failures = 0
      return found
    }
    address = nil
    try await startIfDue()
    throw MartletError(.unavailable, "the scoring process is starting")
  }

  private func startIfDue() async throws {
    guard child == nil, ContinuousClock.now >= notBefore else { return }
    // Nobody else starts one while this one is on its way.
    notBefore = .now + .seconds(5)
    let command = command
    child = try await threads.runIfActive { try DetachedProcess.start(command.arguments, output: command.logFile) }
    logger.info("Scoring process started.", metadata: ["pid": "\(child ?? 0)"])
  }

  /// Buries the child when it is dead, and decides how long to wait before the next.
  private func reap() {
    guard let pid = child else { return }
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) != 0 else { return }
    child = nil
    failures += 1
    let pause = Duration.milliseconds(min(100 << min(failures, 9), 30_000))
    notBefore = .now + pause
    logger.warning(
      "The scoring process ended.",
      metadata: ["pid": "\(pid)", "status": "\(status)", "again in": "\(pause)", "log": "\(command.logFile)"])
  }
}

/// Starts a process that belongs to nobody's terminal or group.
enum DetachedProcess {
  /// glibc's POSIX_SPAWN_SETSID.
  private static let newSession: Int16 = 0x80

  /// Nothing that is open here goes to another process: above all not the listening socket, whose port would stay
  /// taken when this process is gone.
  private static func keepDescriptors() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
      if let descriptor = Int32(name), descriptor > 2 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }
  }

  /// Standard input is empty; standard output and error are appended to `output`. Blocks.
  static func start(_ arguments: [String], output: String) throws -> pid_t {
    keepDescriptors()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, newSession | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    // The scoring process has no use for the server's secrets.
    let variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MARTLET_SECRET_") }
    var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in pointers + environment { free(pointer) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, arguments[0], &actions, &attributes, &pointers, &environment)
    guard code == 0 else {
      throw MartletError(
        .unavailable, "the scoring process could not be started", cause: String(cString: strerror(code)))
    }
    return pid
  }
}
