import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import MartletCore

@testable import MartletServer

/// The real application in process, over a temporary data directory.
enum TestServer {
  /// - Parameter store: the database's URL; SQLite in the data directory unless told.
  static func configuration(store: String? = nil) -> ControlPlaneConfiguration {
    let folder = NSTemporaryDirectory() + "martlet-test-\(UUID().uuidString)"
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return ControlPlaneConfiguration(
      data: folder, store: store, engines: "/nonexistent", version: "0.0.0")
  }

  /// The testing client calls the server `localhost` without a port, so it is told that it listens on 80.
  static func run(_ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void) async throws {
    let plane = try await ControlPlane(configuration: configuration(), logger: Logger(label: "test"))
    let application = try await buildApplication(ServerArguments(port: 80), plane: plane)
    try await application.test(.router, body)
    await plane.close()
  }

  /// A server with these routes only, behind the real middleware.
  static func run(_ routes: [APIRoute], _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void)
    async throws
  {
    struct Group: APIRoutes { let routes: [APIRoute] }
    let table = Routes([Group(routes: routes)], version: "0.0.0")
    let router = Router(context: ServerContext.self)
    addMiddleware(to: router, table, address: LocalAddress(host: "127.0.0.1", port: 80), measures: RequestMeasures())
    table.add(to: router)
    try await Application(router: router).test(.router, body)
  }
}

extension TestResponse {
  var json: JSON { get throws { try JSON.parse(body.readableBytesView) } }
  /// A member of the error body, empty when it is not there.
  func errorText(_ member: String) -> String { (try? json)?["error"]?[member]?.string ?? "" }
  var errorCode: String? { (try? json)?["error"]?["code"]?.string }
}
