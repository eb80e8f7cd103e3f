import HTTPTypes
package import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import MartletAccess
import MartletCore
import MartletLifecycle
import MartletServing
import NIOCore
package import NIOSSL

/// How the control plane listens.
package struct ServerArguments: Sendable {
  package var host: String
  package var port: Int
  /// Further names of this server, see `LocalAddress`.
  package var allowedHosts: [String]
  /// Nil: plain HTTP.
  package var tls: TLSConfiguration?

  package init(
    host: String = "127.0.0.1", port: Int = 5000, allowedHosts: [String] = [], tls: TLSConfiguration? = nil
  ) {
    self.host = host
    self.port = port
    self.allowedHosts = allowedHosts
    self.tls = tls
  }
}

/// The control plane's HTTP side, the same for the CLI and for tests.
///
/// - Parameter onRunning: called with the real port once the server listens.
package func buildApplication(
  _ arguments: ServerArguments, plane: ControlPlane, measures: RequestMeasures = RequestMeasures(),
  onRunning: @escaping @Sendable (LocalAddress) async -> Void = { _ in }
) async throws -> Application<PrefixedResponder<RouterResponder<ServerContext>>> {
  let prefix = plane.configuration.access.prefix
  let address = LocalAddress(
    host: arguments.host, port: arguments.port, allowed: arguments.allowedHosts, isSecure: arguments.tls != nil,
    prefix: prefix.text)
  let router = try await buildRouter(plane: plane, address: address, measures: measures)
  let server = HTTPServerBuilder.http1(
    configuration: HTTP1Channel.Configuration(
      additionalChannelHandlers: [HeadDeadline(limit: .seconds(10)), TargetFormInstaller()],
      idleTimeout: .seconds(30),
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: 32 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 100)))
  return Application(
    responder: PrefixedResponder(base: router.buildResponder(), prefix: prefix),
    server: try arguments.tls.map { try .tls(server, tlsConfiguration: $0) } ?? server,
    configuration: .init(address: .hostname(arguments.host, port: arguments.port), serverName: nil),
    onServerRunning: { channel in
      if let port = channel.localAddress?.port { address.bound(to: port) }
      await onRunning(address)
    },
    logger: plane.logger)
}

/// Every route behind every middleware.
package func buildRouter(plane: ControlPlane, address: LocalAddress, measures: RequestMeasures) async throws
  -> Router<ServerContext>
{
  let routes = Routes(plane, measures: measures)
  let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
  let pages = await Pages(plane)
  addMiddleware(to: router, routes, address: address, measures: measures, errorPage: pages?.errorPage)
  router.add(middleware: Authentication(accounts: plane.platform.accounts, mode: plane.configuration.access))
  routes.add(to: router)
  addMLflowAPI(to: router, plane)
  pages?.add(to: router)
  router.get("/health") { _, _ in
    Response(
      status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
      body: .init(byteBuffer: ByteBuffer(string: "OK")))
  }
  router.get("/metrics") { _, context in
    try await plane.ownerships.control.demand(.reading(.everywhere), of: try context.caller, on: .server)
    return Response(
      status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
      body: .init(byteBuffer: ByteBuffer(string: metrics(plane, measures))))
  }
  return router
}

/// The rules that every request passes, outermost first.
func addMiddleware(
  to router: Router<ServerContext>, _ routes: Routes, address: LocalAddress, measures: RequestMeasures,
  errorPage: RequestErrors<ServerContext>.ErrorPage? = nil
) {
  router.add(middleware: RequestLog(measures: measures))
  router.add(middleware: PacedStreams())
  router.add(middleware: SecurityHeaders())
  router.add(middleware: RequestErrors(unknownRoute: routes.unknown, page: errorPage))
  router.add(middleware: RequestGuard(address: address))
}

private func metrics(_ plane: ControlPlane, _ measures: RequestMeasures) -> String {
  var text = MetricsText()
  text.add("martlet_build_info", .gauge, "The running version.", [([("version", plane.configuration.version)], 1)])
  text.add(
    "process_start_time_seconds", .gauge, "When the server started, in seconds since 1970.",
    Double(plane.started.milliseconds) / 1000)
  text.add("process_resident_memory_bytes", .gauge, "Memory in RAM.", ProcessMeasures.residentBytes)
  text.add("process_cpu_seconds_total", .counter, "Processor time used.", ProcessMeasures.cpuSeconds)
  text.add("process_open_fds", .gauge, "Open files and sockets.", ProcessMeasures.openFiles)
  text.add(measures)
  return text.text
}
