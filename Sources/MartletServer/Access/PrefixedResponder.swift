import HTTPTypes
package import Hummingbird
import MartletAccess
import MartletCore

/// Takes the prefix from requests before they are routed, and puts it before the addresses of redirects. What lies
/// outside of it is not here, except whether the server is well.
package struct PrefixedResponder<Base: HTTPResponder>: HTTPResponder where Base.Context == ServerContext {
  package typealias Context = ServerContext
  let base: Base
  let prefix: PathPrefix

  package func respond(to request: Request, context: Context) async throws -> Response {
    guard !prefix.text.isEmpty else { return try await base.respond(to: request, context: context) }
    var response = try await base.respond(to: try inside(request), context: context)
    if let location = response.headers[.location], location.hasPrefix("/"), !location.hasPrefix("//") {
      response.headers[.location] = prefix.link(location)
    }
    return response
  }

  private func inside(_ request: Request) throws -> Request {
    let path = request.head.path ?? ""
    let isHere = path == prefix.text || ["/", "?"].contains { path.hasPrefix(prefix.text + $0) }
    var head = request.head
    if isHere {
      let rest = String(path.dropFirst(prefix.text.count))
      head.path = rest.hasPrefix("/") ? rest : "/" + rest
    } else if path != "/health" {
      // No route starts so.
      head.path = "/outside-the-path-prefix"
    }
    return Request(head: head, body: request.body)
  }
}
