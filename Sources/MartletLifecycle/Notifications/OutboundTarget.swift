import Foundation
import MartletCore
import NIOCore

/// Where an http or https address leads.
struct OutboundTarget {
  /// Without brackets around an IPv6 address.
  let host: String
  let port: Int
  let isSecure: Bool

  /// - Throws: when it is no http or https address; the error does not name it, since it may be a secret.
  init(_ url: String) throws {
    guard let parts = URL(string: url), let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme),
      let host = parts.host, !host.isEmpty
    else { throw MartletError.invalidInput("the address of the webhook is not an http or https URL") }
    self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    isSecure = scheme == "https"
    port = parts.port ?? (isSecure ? 443 : 80)
    guard (1...65_535).contains(port) else {
      throw MartletError.invalidInput("the address of the webhook has a port that does not exist", fix: "1 to 65535")
    }
  }

  /// False for an address in numbers that is not public, and for this machine's own name; a name's address is known
  /// only when it is resolved, and checked then.
  var isPublicUnlessNamed: Bool {
    if host.lowercased() == "localhost" || host.lowercased().hasSuffix(".localhost") { return false }
    // Old spellings such as 127.1 or 0x7f000001 are resolved to addresses like any name, and checked then.
    guard let address = try? SocketAddress(ipAddress: host, port: port) else { return true }
    return OutboundPolicy.isPublic(address)
  }
}
