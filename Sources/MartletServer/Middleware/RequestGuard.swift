import HTTPTypes
package import Hummingbird
import MartletCore

/// Refuses requests that another web site made a browser send: a foreign `Host` (rebinding), a foreign `Origin` or a
/// cross-site fetch (forgery).
package struct RequestGuard<Context: RequestContext>: RouterMiddleware {
  private let address: LocalAddress

  package init(address: LocalAddress) { self.address = address }

  package func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    try checkHost(request)
    try checkTarget(request)
    try checkOrigin(request)
    try checkFetchSite(request)
    return try await next(request, context)
  }

  private func checkHost(_ request: Request) throws {
    guard let host = request.head.authority, address.accepts(host: host) else {
      throw MartletError(
        .permissionDenied, "the Host header does not name this server",
        cause:
          "only its own names with its port are accepted, so that no web page can reach it by rebinding a name",
        fix: "use \(address.url), or start it with --allowed-host for the name that leads to it")
    }
  }

  private func checkTarget(_ request: Request) throws {
    guard let path = request.head.path, path.hasPrefix("/"), !path.utf8.contains(where: { $0 < 0x21 || $0 == 0x7F })
    else { throw MartletError.invalidInput("the request's target is not a path that starts with '/'") }
  }

  private func checkOrigin(_ request: Request) throws {
    guard request.changesState, let origin = request.headers[.origin] else { return }
    guard address.accepts(origin: origin) else {
      throw MartletError(
        .permissionDenied, "the request comes from the page of another site", cause: "its Origin is not this server's")
    }
  }

  /// A link from elsewhere to one of the pages may be followed; nothing else crosses sites.
  private func checkFetchSite(_ request: Request) throws {
    guard request.headers[.secFetchSite] == "cross-site" else { return }
    let isLink =
      !request.changesState && request.headers[.secFetchMode] == "navigate"
      && request.headers[.secFetchDest] == "document" && !request.isAPI
    guard isLink else {
      throw MartletError(
        .permissionDenied, "the request comes from the page of another site", cause: "Sec-Fetch-Site is cross-site")
    }
  }
}

extension Request {
  var changesState: Bool { method != .get && method != .head && method != .options }

  /// Whether the answer is to be read in a browser.
  var isForPerson: Bool { !isAPI && headers[.accept]?.contains("text/html") == true }

  /// Whether a program, not a person, is meant to read the answer.
  var isAPI: Bool {
    let path = uri.path
    return path.hasPrefix("/api/") || path.hasPrefix("/ajax-api/") || path == "/metrics" || path == "/health"
  }
}

extension HTTPField.Name {
  static let secFetchSite = HTTPField.Name("Sec-Fetch-Site")!
  static let secFetchMode = HTTPField.Name("Sec-Fetch-Mode")!
  static let secFetchDest = HTTPField.Name("Sec-Fetch-Dest")!
  static let requestID = HTTPField.Name("X-Request-Id")!
  static let martletActor = HTTPField.Name("Martlet-Actor")!
  static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
  static let crossOriginResourcePolicy = HTTPField.Name("Cross-Origin-Resource-Policy")!
  static let crossOriginOpenerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
}
