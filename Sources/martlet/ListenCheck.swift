import Foundation
import MartletCore

/// Says before anything is built whether the server may and can listen where it was told to.
enum ListenCheck {
  /// The port to listen on, or why that cannot be.
  static func port(host: String, port: Int, orAny: Bool) throws -> Int {
    guard (0...65535).contains(port) else {
      throw UsageError("\(port) is not a port", fix: "give a number from 0 to 65535")
    }
    if try isFree(host: host, port: port) { return port }
    if orAny { return 0 }
    throw MartletError(
      .conflict, "port \(port) on \(host) is in use", cause: "another program listens there",
      fix: "give another one: martlet up --port \(port == 65535 ? 5000 : port + 10)")
  }

  /// Whether nobody outside this machine can reach an address.
  static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host == "::1" || (host.hasPrefix("127.") && isIPv4Address(host))
  }

  /// Whether a host is written as a number, which is what a socket is bound to.
  static func isAddress(_ host: String) -> Bool {
    var address = in6_addr()
    return isIPv4Address(host) || inet_pton(AF_INET6, host, &address) == 1
  }

  private static func isIPv4Address(_ host: String) -> Bool {
    var address = in_addr()
    return inet_pton(AF_INET, host, &address) == 1
  }

  private static func isFree(host: String, port: Int) throws -> Bool {
    guard port != 0 else { return true }
    let family = host.contains(":") ? AF_INET6 : AF_INET
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return true }
    defer { close(descriptor) }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    let result = family == AF_INET ? bind4(descriptor, host, port) : bind6(descriptor, host, port)
    if result != 0, errno == EACCES {
      throw MartletError(.permissionDenied, "port \(port) needs special rights", fix: "give a port from 1024 upwards")
    }
    return result == 0
  }

  private static func bind4(_ descriptor: Int32, _ host: String, _ port: Int) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host, &address.sin_addr)
    return withUnsafeBytes(of: &address) {
      bind(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
    }
  }

  private static func bind6(_ descriptor: Int32, _ host: String, _ port: Int) -> Int32 {
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = in_port_t(port).bigEndian
    inet_pton(AF_INET6, host, &address.sin6_addr)
    return withUnsafeBytes(of: &address) {
      bind(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
    }
  }
}
