import HTTPTypes
import Hummingbird
import Logging
import MartletCore
import NIOHTTP1
import Synchronization

/// Lets only requests through that are meant for this server (TRUST rule 3), and turns every error into the error
/// body of MLflow's scoring server.
struct ScoringGuard: RouterMiddleware {
  /// What `Host` may say; nil accepts everything, for tests without a socket.
  let hosts: AllowedHosts?

  func handle(
    _ request: Request, context: BasicRequestContext,
    next: (Request, BasicRequestContext) async throws -> Response
  ) async throws -> Response {
    do {
      try check(request)
      return try await next(request, context)
    } catch let error as RequestRefusal {
      return Reply.refusal(error)
    } catch let error as HTTPParserError {
      // A body that is no HTTP is answered by the HTTP layer, which then closes the connection.
      throw error
    } catch let error as any HTTPResponseError {
      return Reply.refusal(Self.refusal(error, request))
    } catch {
      if !(error is MartletError) { context.logger.error("A request failed.", metadata: ["cause": "\(error)"]) }
      return Reply.refusal(RequestRefusal(error))
    }
  }

  private func check(_ request: Request) throws {
    guard let hosts else { return }
    guard hosts.contain(request.head.authority) else {
      throw RequestRefusal(
        status: 421, code: "PERMISSION_DENIED", message: "The header 'Host' does not name this server.")
    }
    guard request.head.path?.utf8.starts(with: "/".utf8) == true else {
      throw RequestRefusal(
        status: 400, code: "BAD_REQUEST", message: "The request's target is not a path that starts with '/'.")
    }
    let isFromElsewhere = request.headers[.origin].map { !hosts.contain(origin: $0) } ?? false
    guard !isFromElsewhere, request.headers[.secFetchSite] != "cross-site" else {
      throw RequestRefusal(status: 403, code: "PERMISSION_DENIED", message: "Requests from other origins are refused.")
    }
  }

  private static func refusal(_ error: any HTTPResponseError, _ request: Request) -> RequestRefusal {
    let code = error.status.code
    if code == 404 { return .unknown("There is nothing at '\(request.method) \(request.uri.path.prefix(120))'.") }
    return RequestRefusal(status: code, code: "BAD_REQUEST", message: error.status.reasonPhrase)
  }
}

/// The names under which a loopback server may be addressed.
final class AllowedHosts: Sendable {
  private let authorities: Mutex<[String]>

  /// `port` 0 allows nothing until `listen(on:)` tells the one that the system chose.
  init(port: Int) { authorities = Mutex(Self.names(port)) }

  func listen(on port: Int) { authorities.withLock { $0 = Self.names(port) } }

  private static func names(_ port: Int) -> [String] {
    ["127.0.0.1", "localhost", "[::1]"].flatMap { ["\($0):\(port)"] + (port == 80 ? [$0] : []) }
  }

  func contain(_ authority: String?) -> Bool {
    guard let authority else { return false }
    return authorities.withLock { $0.contains(authority) }
  }

  func contain(origin: String) -> Bool { authorities.withLock { $0.contains { origin == "http://" + $0 } } }
}

extension HTTPField.Name {
  static let secFetchSite = HTTPField.Name("Sec-Fetch-Site") ?? .origin
}
