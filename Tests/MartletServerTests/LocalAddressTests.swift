import MartletCore
import Testing

@testable import MartletServer

@Suite("The Host header is matched whole")
struct LocalAddressTests {
  private let address = LocalAddress(host: "127.0.0.1", port: 5000)

  @Test(
    "Loopback names with the right port are this server",
    arguments: ["127.0.0.1:5000", "localhost:5000", "LOCALHOST:5000", "[::1]:5000"])
  func accepted(host: String) { #expect(address.accepts(host: host)) }

  @Test(
    "Nothing else is",
    arguments: [
      "", "localhost", "127.0.0.1", "localhost:5001", "localhost.evil.example:5000", "evil.example",
      "127.0.0.1:5000.evil.example",
      "localhost:5000@evil.example", "127.1:5000", "2130706433:5000", "0.0.0.0:5000", " localhost:5000",
    ])
  func refused(host: String) { #expect(!address.accepts(host: host)) }

  @Test("Once a port is bound only that one counts")
  func bound() {
    let address = LocalAddress(host: "127.0.0.1", port: 0)
    address.bound(to: 40_001)
    #expect(address.accepts(host: "localhost:40001"))
    #expect(!address.accepts(host: "localhost:0"))
    #expect(address.url == "http://127.0.0.1:40001")
  }

  @Test(
    "Only an origin of its own is its own",
    arguments: [
      ("http://localhost:5000", true), ("https://localhost:5000", false), ("null", false),
      ("http://evil.example", false),
    ])
  func origins(origin: String, isOwn: Bool) { #expect(address.accepts(origin: origin) == isOwn) }

  @Test("Further names hold with this port, with the one that is written, and behind a proxy with none")
  func allowed() throws {
    let names = try ["MLops.example.com", "other.example:8443", "[2001:db8::1]"].map(LocalAddress.checked)
    let address = LocalAddress(host: "0.0.0.0", port: 5000, allowed: names)
    for host in [
      "mlops.example.com", "mlops.example.com:5000", "other.example:8443", "[2001:db8::1]", "127.0.0.1:5000",
    ] {
      #expect(address.accepts(host: host), "\(host)")
    }
    for host in ["mlops.example.com:5001", "other.example", "other.example:5000", "example.com", "0.0.0.0:5000"] {
      #expect(!address.accepts(host: host), "\(host)")
    }
    #expect(address.accepts(origin: "https://mlops.example.com") && address.accepts(origin: "http://localhost:5000"))
    #expect(!address.accepts(origin: "https://localhost:5000") && !address.accepts(origin: "https://evil.example"))
  }

  @Test(
    "Patterns and addresses with more in them are no names",
    arguments: ["", "*", "*.a.com", "a b", "http://a", "a/b", "a@b"])
  func badNames(name: String) { #expect(throws: MartletError.self) { try LocalAddress.checked(allowed: name) } }

  @Test("Under TLS the origin is https, and the prefix is part of the address")
  func secure() {
    let address = LocalAddress(host: "127.0.0.1", port: 5000, isSecure: true, prefix: "/martlet")
    #expect(address.url == "https://127.0.0.1:5000/martlet")
    #expect(address.accepts(origin: "https://localhost:5000") && !address.accepts(origin: "http://localhost:5000"))
  }
}
