import HTTPTypes
package import Hummingbird
package import MartletAccess
import MartletCore
import MartletWeb
import NIOCore

/// Finds out who asks. Nobody is turned away here: each route demands what it needs, in its own wire format.
package struct Authentication: RouterMiddleware {
  package typealias Context = ServerContext
  private let accounts: Accounts
  private let mode: AccessMode

  package init(accounts: Accounts, mode: AccessMode) {
    self.accounts = accounts
    self.mode = mode
  }

  package func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    var context = context
    if mode.isOn {
      context.session = SessionCookie.value(in: request)
      context.identity = try await identity(request, context)
    } else {
      context.identity = .success(.local(Self.name(request)))
    }
    return try await next(request, context)
  }

  private func identity(_ request: Request, _ context: Context) async throws -> Result<Caller, MartletError> {
    do {
      if let credentials = try Credentials(authorization: request.headers[.authorization]) {
        return .success(try await accounts.caller(credentials, from: peer(request, context)))
      }
      // A cookie that is over is no mistake: its owner signs in again.
      if let session = context.session, let caller = try await accounts.session(session) { return .success(caller) }
      return .success(.anonymous)
    } catch let error as MartletError where [.unauthenticated, .tooManyRequests].contains(error.code) {
      return .failure(error)
    }
  }

  /// The other end; behind a proxy, the last address that the proxy itself added.
  private func peer(_ request: Request, _ context: Context) -> String { Self.peer(request, context, mode) }

  static func peer(_ request: Request, _ context: Context, _ mode: AccessMode) -> String {
    let forwarded = mode.isBehindProxy ? request.headers[.forwardedFor]?.split(separator: ",").last : nil
    let address = forwarded.map { withoutPort(String($0.filter { !$0.isWhitespace }.prefix(64))) }
    return address ?? context.remoteAddress?.ipAddress ?? "unknown"
  }

  /// `1.2.3.4:5678` and `[2001:db8::1]:5678` are written by some proxies: a caller is not its port.
  private static func withoutPort(_ address: String) -> String {
    if address.hasPrefix("[") { return String(address.dropFirst().prefix { $0 != "]" }) }
    return address.count(where: { $0 == ":" }) == 1 ? String(address.prefix { $0 != ":" }) : address
  }

  /// The name that a client on this machine gives itself; it is recorded as unauthenticated.
  private static func name(_ request: Request) -> String {
    let name = request.headers[.martletActor] ?? "local"
    let isPlain =
      (1...64).contains(name.utf8.count)
      && name.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || "0123456789._@-".unicodeScalars.contains($0))
      }
    return isPlain ? name : "local"
  }
}

extension HTTPField.Name {
  static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
}
