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
}
