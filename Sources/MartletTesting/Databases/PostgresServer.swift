import Foundation
import MartletCore
import Synchronization

/// A PostgreSQL server of one's own: `initdb` in a new folder, a free port on loopback, no fsync.
///
/// PostgreSQL refuses to run as root, so root starts it as the user `postgres`. It dies with the thread that
/// started it, should the process be killed.
package final class PostgresServer: Sendable {
  private let programs: String
  private let folder: String
  private let port: Int
  private let processID = Mutex<Int32>(0)

  private init(programs: String, folder: String, port: Int) {
    self.programs = programs
    self.folder = folder
    self.port = port
  }

  /// Blocks until the server takes connections.
  package static func start() throws -> PostgresServer {
    let server = PostgresServer(programs: try findPrograms(), folder: try ownFolder(), port: try freePort())
    try server.run(
      "initdb", ["-D", server.data, "-A", "trust", "-U", "martlet", "--no-sync", "-E", "UTF8", "--locale=C"])
    try server.launch()
    return server
  }

  /// The same, waiting without holding up other tests.
  package static func startOnOwnThread() async throws -> PostgresServer { try await withOwnThread { try start() } }

  package func url(of database: String) -> String { "postgresql://martlet@127.0.0.1:\(port)/\(database)" }

  package func createDatabase(_ name: String) throws {
    try run("createdb", ["-h", "127.0.0.1", "-p", "\(port)", "-U", "martlet", name])
  }

  /// Ends the server at once, cutting its connections.
  package func halt() {
    let id = processID.withLock { $0 }
    guard id > 0 else { return }
    kill(id, SIGQUIT)
    var status: Int32 = 0
    // Whoever reaps it, this returns when it is gone.
    while waitpid(id, &status, 0) < 0 && errno == EINTR {}
    processID.withLock { $0 = 0 }
  }

  /// Starts it again on the same port and data; blocks until it takes connections.
  package func launch() throws {
    let ready = DispatchSemaphore(value: 0)
    let problem = Mutex<String>("")
    let thread = Thread { [self] in
      let (process, output) = command("postgres", serverArguments)
      do { try process.run() } catch { problem.withLock { $0 = "\(error)" } }
      processID.withLock { $0 = process.processIdentifier }
      Self.read(output, ready: ready, problem)
      ready.signal()
      process.waitUntilExit()
    }
    thread.start()
    ready.wait()
    guard problem.withLock({ $0.contains("ready to accept connections") }) else {
      throw MartletError(
        .unavailable, "the PostgreSQL server for tests did not start", cause: problem.withLock { $0 })
    }
  }

  package func stop() {
    halt()
    try? FileManager.default.removeItem(atPath: folder)
  }

  private var data: String { folder + "/data" }

  private var serverArguments: [String] {
    [
      "-D", data, "-k", folder, "-h", "127.0.0.1", "-p", "\(port)", "-c", "fsync=off", "-c", "max_connections=400",
      "-c", "shared_buffers=64MB",
    ]
  }

  /// Reads the server's messages to their end, and says when it is ready.
  private static func read(_ output: FileHandle, ready: DispatchSemaphore, _ seen: borrowing Mutex<String>) {
    var isReady = false
    while true {
      let data = output.availableData
      guard !data.isEmpty else { return }
      if isReady { continue }
      isReady = seen.withLock { text in
        text += String(decoding: data, as: UTF8.self)
        return text.contains("ready to accept connections")
      }
      if isReady { ready.signal() }
    }
  }

  private func run(_ program: String, _ arguments: [String]) throws {
    let (process, output) = command(program, arguments)
    try process.run()
    let text = String(decoding: output.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw MartletError(.unavailable, "\(program) failed while preparing PostgreSQL for tests", cause: text)
    }
  }

  private func command(_ program: String, _ arguments: [String]) -> (Process, FileHandle) {
    let process = Process()
    let asPostgres = ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig", "QUIT"]
    process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
    process.arguments =
      (getuid() == 0 ? asPostgres : ["--pdeathsig", "QUIT"]) + ["\(programs)/\(program)"] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    return (process, output.fileHandleForReading)
  }

  private static func findPrograms() throws -> String {
    let root = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    let newest = versions.compactMap(Int.init).sorted().last
    guard let newest, FileManager.default.isExecutableFile(atPath: "\(root)/\(newest)/bin/postgres") else {
      throw MartletError(
        .unavailable, "PostgreSQL is not installed, and tests need it", cause: "there is no \(root)/*/bin/postgres",
        fix: "apt-get install postgresql, or set MARTLET_TESTS_WITHOUT_POSTGRESQL=1")
    }
    return "\(root)/\(newest)/bin"
  }

  /// A folder that the server's user may enter and nobody else.
  private static func ownFolder() throws -> String {
    let folder = try TemporaryFolder.make(keptUntilRemoved: true)
    if getuid() == 0 {
      guard let user = getpwnam("postgres"), chown(folder, user.pointee.pw_uid, user.pointee.pw_gid) == 0 else {
        throw MartletError(.unavailable, "there is no user 'postgres' to run PostgreSQL for tests")
      }
    }
    return folder
  }

  private static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard result else { throw MartletError(.unavailable, "there is no free port for PostgreSQL") }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
