import MartletCore
import Synchronization

/// Where this server listens, known once the socket is bound, and the names by which it may be addressed.
package final class LocalAddress: Sendable {
  private struct State {
    var port: Int
    var hosts: Set<String>
    var origins: Set<String>
  }

  private let names: [String]
  private let allowed: [String]
  private let isSecure: Bool
  private let isWildcard: Bool
  private let prefix: String
  private let state: Mutex<State>

  /// - Parameters:
  ///   - host: the name or address that was asked for; the usual loopback names always hold.
  ///   - allowed: further names, with a port or without, by which a proxy or a name server leads here.
  ///   - isSecure: whether the server speaks TLS itself.
  ///   - prefix: of every path, `/martlet`, or nothing.
  package init(host: String, port: Int, allowed: [String] = [], isSecure: Bool = false, prefix: String = "") {
    let isWildcard = host == "0.0.0.0" || host == "::"
    self.isWildcard = isWildcard
    names = ["localhost", "127.0.0.1", "[::1]"] + (isWildcard ? [] : [Self.bracketed(host)])
    self.allowed = allowed.map { $0.lowercased() }
    self.isSecure = isSecure
    self.prefix = prefix
    self.host = host
    state = Mutex(State(port: port, hosts: [], origins: []))
    bound(to: port)
  }

  package let host: String
  package var port: Int { state.withLock(\.port) }

  /// Where programs on this machine find the server.
  package var url: String {
    let name = isWildcard ? allowed.first { isSecure && !$0.contains(":") } ?? "127.0.0.1" : Self.bracketed(host)
    return "\(scheme)://\(name):\(port)\(prefix)"
  }

  private var scheme: String { isSecure ? "https" : "http" }

  /// The port that the system chose for port 0.
  package func bound(to port: Int) {
    let standard = isSecure ? 443 : 80
    let own = names.flatMap { port == standard ? [$0, "\($0):\(standard)"] : ["\($0):\(port)"] }
    let further = allowed.flatMap { Self.hasPort($0) ? [$0] : [$0, "\($0):\(port)"] }
    // In front of the further names there may be a proxy that speaks TLS.
    let origins = own.map { "\(scheme)://\($0)" } + further.flatMap { ["https://\($0)", "\(scheme)://\($0)"] }
    state.withLock { $0 = State(port: port, hosts: Set(own + further), origins: Set(origins)) }
  }

  /// Whether a `Host` header names this server: compared whole, never by pattern.
  package func accepts(host: String) -> Bool { state.withLock { $0.hosts.contains(host.lowercased()) } }

  /// Whether an `Origin` header is one of this server's own.
  package func accepts(origin: String) -> Bool { state.withLock { $0.origins.contains(origin.lowercased()) } }

  /// A name for `--allowed-host`: letters, digits, dots and hyphens, or an address, with a port or without.
  ///
  /// - Throws: `.invalidInput` for anything else, such as a pattern.
  package static func checked(allowed name: String) throws -> String {
    let host = hasPort(name) ? String(name[..<(name.lastIndex(of: ":") ?? name.endIndex)]) : name
    let isAddress =
      host.hasPrefix("[") && host.hasSuffix("]")
      && host.dropFirst().dropLast().allSatisfy {
        $0.isHexDigit || $0 == ":" || $0 == "."
      }
    let isName = host.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 46 || $0 == 95
    }
    guard !host.isEmpty, isAddress || isName else {
      throw MartletError.invalidInput(
        "'\(name.prefix(100))' is no host's name", fix: "write it as --allowed-host mlops.example.com, without patterns"
      )
    }
    return name.lowercased()
  }

  private static func hasPort(_ name: String) -> Bool {
    guard let colon = name.lastIndex(of: ":"), !name.hasSuffix("]") else { return false }
    return UInt16(name[name.index(after: colon)...]) != nil
  }

  private static func bracketed(_ host: String) -> String {
    host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
  }
}
