import HTTPTypes
package import Hummingbird
package import MartletAccess

/// The cookie that keeps a browser signed in.
package enum SessionCookie {
  package static let name = "martlet_session"

  package static func value(in request: Request) -> String? {
    for header in request.headers[values: .cookie] {
      for pair in header.split(separator: ";") {
        let halves = pair.split(separator: "=", maxSplits: 1)
        guard halves.count == 2, halves[0].filter({ $0 != " " }) == name else { continue }
        return halves[1].utf8.count <= 128 ? String(halves[1]) : nil
      }
    }
    return nil
  }

  /// Scripts do not see it and other sites do not send it.
  package static func setting(_ value: String, _ mode: AccessMode) -> String {
    text(value, mode, seconds: Int(Accounts.sessionLife.components.seconds))
  }

  package static func clearing(_ mode: AccessMode) -> String { text("", mode, seconds: 0) }

  private static func text(_ value: String, _ mode: AccessMode, seconds: Int) -> String {
    "\(name)=\(value); HttpOnly; SameSite=Strict; Path=\(mode.prefix.cookiePath); Max-Age=\(seconds)"
      + (mode.isSecure ? "; Secure" : "")
  }
}
