import NIOHTTP1
import Testing

@testable import MartletServing

@Suite("The form of a request's target")
struct TargetFormTests {
  private func plain(_ target: String, hosts: [String] = ["127.0.0.1:5000"]) -> HTTPRequestHead {
    let headers = HTTPHeaders(hosts.map { ("Host", $0) })
    return TargetForm.plain(HTTPRequestHead(version: .http1_1, method: .GET, uri: target, headers: headers))
  }

  @Test(
    "A path stays as it is", arguments: ["/", "/a?b=http://evil.example/", "//evil.example/x", "/%2e%2e/x", "/a:b"])
  func path(_ target: String) { #expect(plain(target).uri == target) }

  @Test(
    "An absolute target of the server itself is its path",
    arguments: [
      ("http://127.0.0.1:5000/a?b", "/a?b"), ("http://127.0.0.1:5000", "/"), ("HTTP://127.0.0.1:5000?q", "/?q"),
    ])
  func own(_ target: String, _ path: String) { #expect(plain(target).uri == path) }

  @Test(
    "Every other target is answered by nobody",
    arguments: [
      "http://evil.example/health", "http://evil.example", "http://127.0.0.1:5001/health", "http://127.0.0.1/health",
      "http://user@127.0.0.1:5000/health", "http://127.0.0.1:5000@evil.example/", "https://127.0.0.1:5000/health",
      "file:///etc/passwd", "x:/health", "evil.example:80", "*", "health", "", "http:///health", "http://",
    ])
  func other(_ target: String) { #expect(plain(target).uri == "*") }

  @Test("A server that is named twice is not named at all")
  func hosts() {
    let head = plain("/health", hosts: ["127.0.0.1:5000", "evil.example"])
    #expect(head.headers["Host"].isEmpty)
    #expect(plain("http://evil.example/", hosts: []).uri == "*")
  }
}
