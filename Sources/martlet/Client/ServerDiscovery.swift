import AsyncHTTPClient
import Foundation
import MartletCore
import MartletServer

/// Finds the server to talk to: the one named, the one that owns the data directory, or one started for now.
struct ServerDiscovery {
  let options: GlobalOptions

  func client() async throws -> APIClient {
    if let server = options.server ?? ProcessInfo.processInfo.environment["MARTLET_SERVER"], !server.isEmpty {
      return try APIClient(signedInAt: try Self.checked(server))
    }
    if let record = ServerRecord.read(in: options.dataDirectory) { return try APIClient(signedInAt: record.url) }
    try BackgroundServer(data: options.dataDirectory).start()
    return try APIClient(signedInAt: try await awaitServer())
  }

  private static func checked(_ server: String) throws -> String {
    guard let url = URL(string: server), ["http", "https"].contains(url.scheme), url.host != nil else {
      throw UsageError("'\(server)' is not a server's address", fix: "write it as http://127.0.0.1:5000")
    }
    return server
  }

  /// A server announces itself once it listens.
  private func awaitServer() async throws -> String {
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
      if let record = ServerRecord.read(in: options.dataDirectory) { return record.url }
      try await Task.sleep(for: .milliseconds(15))
    }
    throw MartletError(
      .unavailable, "no server could be started for \(options.dataDirectory)",
      cause: BackgroundServer(data: options.dataDirectory).lastWords,
      fix: "start it by hand: martlet up --data \(options.dataDirectory)")
  }
}

/// A server in a session of its own that leaves when nobody has needed it for a while.
struct BackgroundServer {
  let data: String

  /// `POSIX_SPAWN_SETSID`, which glibc's Swift module does not name.
  private static let newSession: Int16 = 0x80

  private var log: String { data + "/server.log" }

  /// The end of what the server wrote when it did not come up.
  var lastWords: String? {
    FileManager.default.contents(atPath: log).map { String(decoding: $0.suffix(400), as: UTF8.self) }?
      .split(separator: "\n").joined(separator: "; ")
  }

  func start() throws {
    umask(0o077)
    try? FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Self.newSession)
    let words = ["martlet", "up", "--data", data, "--linger", "30s", "--any-port"]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { arguments.forEach { free($0) } }
    var child = pid_t()
    let result = posix_spawn(&child, "/proc/self/exe", &actions, &attributes, &arguments, environ)
    guard result == 0 else {
      throw MartletError(
        .unavailable, "no server could be started", cause: String(cString: strerror(result)),
        fix: "start it by hand: martlet up")
    }
  }
}
