import HTTPTypes
import Hummingbird
import Logging
import MartletCore

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
struct AllowedHosts: Sendable {
  private let authorities: [String]

  init(port: Int) { authorities = ["127.0.0.1", "localhost", "[::1]"].flatMap { ["\($0):\(port)"] + (port == 80 ? [$0] : []) } }

  func contain(_ authority: String?) -> Bool { authority.map { authorities.contains($0) } ?? false }

  func contain(origin: String) -> Bool { authorities.contains { origin == "http://" + $0 } }
}

extension HTTPField.Name {
  static let secFetchSite = HTTPField.Name("Sec-Fetch-Site") ?? .origin
}
