import Foundation
package import Hummingbird
package import Logging
package import MartletCore
import NIOCore
package import NIOPosix
import Synchronization

/// The scoring process: a `ScoringPlane` behind HTTP on the loopback address.
package struct ScoringServer: Sendable {
  package struct Options: Sendable {
    /// The data directory.
    package var data: String
    /// 0 takes a free port.
    package var port: Int
    package var limits = ScoringPlane.Limits()

    package init(data: String, port: Int) {
      self.data = data
      self.port = port
    }
  }

  package let plane: ScoringPlane
  package let token: AdminToken
  private let options: Options
  private let logger: Logger
  private let lock: FolderLock

  /// Takes the data directory for itself and opens what is in it. Blocks.
  package init(
    options: Options, clock: WallClock = .system, threads: NIOThreadPool, logger: Logger,
    load: @escaping ScoringPlane.ModelLoader
  ) throws {
    let folder = ScoringFolder(data: options.data)
    try folder.prepare()
    lock = try FolderLock(path: folder.lock, holder: "a scoring process")
    token = try AdminToken.load(path: folder.token)
    plane = try ScoringPlane(
      folder: folder, limits: options.limits, clock: clock, threads: threads, logger: logger, load: load)
    self.options = options
    self.logger = logger
  }

  /// The routes; `hosts` nil leaves out the check of the `Host` header.
  static func router(plane: ScoringPlane, token: AdminToken, hosts: AllowedHosts?) -> Router<BasicRequestContext> {
    let router = Router(context: BasicRequestContext.self)
    router.add(middleware: ScoringGuard(hosts: hosts))
    ScoringRoutes(plane: plane).add(to: router)
    MetricsRoute(plane: plane).add(to: router)
    AdminRoutes(plane: plane, token: token).add(to: router)
    return router
  }

  /// The HTTP application; `onReady` gets the port once it listens. Nothing is served before the port is known to
  /// the `Host` check, so a free port is chosen by binding first.
  package func application(
    port: Int, onReady: @escaping @Sendable (Int) async -> Void = { _ in }
  ) -> some ApplicationProtocol {
    let router = Self.router(plane: plane, token: token, hosts: AllowedHosts(port: port))
    let address = plane.folder.address
    return Application(
      router: router,
      server: .http1(
        configuration: .init(
          idleTimeout: .seconds(30),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 100))),
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port), serverName: nil),
      onServerRunning: { channel in
        let port = channel.localAddress?.port ?? port
        do { try ScoringAddress.current(port: port, folder: plane.folder).write(to: address) } catch {
          logger.error("The scoring process cannot say where it is.", metadata: ["cause": "\(error)"])
        }
        await onReady(port)
      },
      logger: logger)
  }

  /// Keeps what is in memory only. Blocks.
  package func close() {
    plane.close()
    unlink(plane.folder.address)
  }
}

/// Makes sure that one process at a time uses a folder; the lock goes with the process, however it ends.
package final class FolderLock: Sendable {
  private let descriptor: Int32

  package init(path: String, holder: String) throws {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileFailure.error("the lock '\(path)' cannot be opened", errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw MartletError(
        .alreadyExists, "\(holder) already uses this data directory", cause: "the lock '\(path)' is held",
        fix: "use the one that runs, or another directory with --data")
    }
  }

  deinit { close(descriptor) }
}

/// How a running scoring process is found: the file `scoring.json` in the data directory.
package struct ScoringAddress: Sendable, Hashable, Codable {
  package var processID: Int32
  package var port: Int
  /// The process's start in clock ticks since boot, which tells it from a later one with the same number.
  package var startTicks: Int64
  /// The data directory as an absolute path.
  package var data: String

  static func current(port: Int, folder: ScoringFolder) throws -> ScoringAddress {
    ScoringAddress(
      processID: getpid(), port: port, startTicks: startTicks(of: getpid()) ?? 0, data: try folder.realData)
  }

  func write(to path: String) throws { try DurableFile.write(JSON(encoding: self).bytes, to: path) }

  /// What the file says, when the process it names is alive and of the same data directory.
  package static func living(in folder: ScoringFolder) throws -> ScoringAddress? {
    guard let bytes = try DurableFile.read(folder.address),
      let address = try? JSON.parse(bytes).decode(ScoringAddress.self)
    else { return nil }
    guard address.startTicks == startTicks(of: address.processID) else { return nil }
    return address.data == (try folder.realData) ? address : nil
  }

  /// Field 22 of `/proc/PID/stat`; nil when there is no such process, or it is dead and not yet buried.
  static func startTicks(of process: Int32) -> Int64? {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z" else { return nil }
    return Int64(fields[19])
  }
}
