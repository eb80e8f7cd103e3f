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

  /// The HTTP application; `onReady` gets the port once it listens.
  package func application(onReady: @escaping @Sendable (Int) async -> Void = { _ in }) -> some ApplicationProtocol {
    let hosts = AllowedHosts(port: options.port)
    let router = Self.router(plane: plane, token: token, hosts: hosts)
    let address = plane.folder.address
    return Application(
      router: router,
      server: .http1OnEventLoops(
        configuration: .init(
          additionalChannelHandlers: [HeadDeadline(limit: .seconds(10)), TargetFormInstaller()],
          idleTimeout: .seconds(30),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 100))),
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: options.port), serverName: nil),
      onServerRunning: { channel in
        let port = channel.localAddress?.port ?? options.port
        hosts.listen(on: port)
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
