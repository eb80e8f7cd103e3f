import Synchronization

/// Where this server listens, known once the socket is bound, and the names by which it may be addressed.
package final class LocalAddress: Sendable {
  private struct State {
    var port: Int
    var hosts: Set<String>
  }

  private let names: [String]
  private let state: Mutex<State>

  /// - Parameter host: the loopback name or address that was asked for; the usual loopback names always hold.
  package init(host: String, port: Int) {
    names = ["localhost", "127.0.0.1", "[::1]", host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host]
    state = Mutex(State(port: port, hosts: Self.hosts(names, port)))
    self.host = host
  }

  package let host: String
  package var port: Int { state.withLock(\.port) }
  package var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

  /// The port that the system chose for port 0.
  package func bound(to port: Int) { state.withLock { $0 = State(port: port, hosts: Self.hosts(names, port)) } }

  /// Whether a `Host` header names this server: compared whole, never by pattern.
  package func accepts(host: String) -> Bool { state.withLock { $0.hosts.contains(host.lowercased()) } }

  /// Whether an `Origin` header is one of this server's own.
  package func accepts(origin: String) -> Bool {
    let scheme = "http://"
    return origin.lowercased().hasPrefix(scheme) && accepts(host: String(origin.dropFirst(scheme.count)))
  }

  private static func hosts(_ names: [String], _ port: Int) -> Set<String> {
    Set(names.flatMap { port == 80 ? [$0, "\($0):80"] : ["\($0):\(port)"] })
  }
}
