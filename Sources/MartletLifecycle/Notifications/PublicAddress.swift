import Glibc
import MartletCore
package import NIOCore

/// Which addresses Martlet may connect to on its own account: public ones, and those the server's administrator allows.
///
/// A project file never can widen this, so a webhook cannot be pointed at the machines beside the server.
package struct OutboundPolicy: Sendable {
  /// Hosts or addresses that are allowed although they are not public, such as `127.0.0.1:9093` or `[::1]`.
  package let allowed: Set<String>

  package init(allowed: Set<String> = []) { self.allowed = Set(allowed.map { $0.lowercased() }) }

  /// Reads what an administrator wrote; throws for what is not HOST or HOST:PORT.
  package init(reading texts: [String]) throws {
    for text in texts where !Self.isHost(text[...]) {
      throw MartletError.invalidInput(
        "'\(text.prefix(100))' is not a host that can be allowed",
        fix: "write it as 127.0.0.1:9093, hooks.internal or [::1]:8080")
    }
    self.init(allowed: Set(texts))
  }

  private static func isHost(_ text: Substring) -> Bool {
    let isBracketed = text.first == "["
    let host = isBracketed ? text.dropFirst().prefix { $0 != "]" } : text.prefix { $0 != ":" }
    let rest = text.dropFirst(host.count + (isBracketed ? 2 : 0))
    let others: Set<Character> = isBracketed ? [":", "."] : ["-", "_", "."]
    return !host.isEmpty && host.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || others.contains($0) }
      && (!isBracketed || text.contains("]")) && (rest.isEmpty || rest.first == ":" && UInt16(rest.dropFirst()) != nil)
  }

  package func permits(_ address: SocketAddress, host: String) -> Bool {
    let names = [host, address.ipAddress].compactMap(\.self)
    return names.contains { allows(host: $0, port: address.port) } || Self.isPublic(address)
  }

  /// Whether the administrator allows a host or an address, on every port or on this one.
  func allows(host: String, port: Int?) -> Bool {
    let name = host.contains(":") ? "[\(host.lowercased())]" : host.lowercased()
    return allowed.contains(name) || port.map { allowed.contains("\(name):\($0)") } ?? false
  }

  /// Not loopback, private, link-local, shared, multicast, reserved or an IPv4 address inside IPv6 that is one of them.
  static func isPublic(_ address: SocketAddress) -> Bool {
    switch address {
    case .v4(let v4):
      var raw = v4.address.sin_addr.s_addr
      return isPublicV4(withUnsafeBytes(of: &raw) { Array($0) })
    case .v6(let v6):
      var raw = v6.address.sin6_addr
      return isPublicV6(withUnsafeBytes(of: &raw) { Array($0) })
    case .unixDomainSocket: return false
    }
  }

  private static func isPublicV4(_ bytes: [UInt8]) -> Bool {
    switch (bytes[0], bytes[1]) {
    case (0, _), (10, _), (127, _), (169, 254), (192, 168), (224..., _): false
    case (100, 64...127), (172, 16...31), (198, 18...19): false
    case (192, 0): bytes[2] != 0 && bytes[2] != 2
    case (198, 51): bytes[2] != 100
    case (203, 0): bytes[2] != 113
    default: true
    }
  }

  private static func isPublicV6(_ bytes: [UInt8]) -> Bool {
    // Addresses that carry an IPv4 address inside: mapped, NAT64, 6to4.
    if bytes[0..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
      return isPublicV4(Array(bytes[12...]))
    }
    if bytes.starts(with: [0x00, 0x64, 0xFF, 0x9B]) { return isPublicV4(Array(bytes[12...])) }
    if bytes.starts(with: [0x20, 0x02]) { return isPublicV4(Array(bytes[2..<6])) }
    // Global unicast is 2000::/3; documentation is 2001:db8::/32.
    return bytes[0] & 0xE0 == 0x20 && !bytes.starts(with: [0x20, 0x01, 0x0D, 0xB8])
  }
}
