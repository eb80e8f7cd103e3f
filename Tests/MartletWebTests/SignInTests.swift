import MartletAccess
import MartletCore
import Testing

@testable import MartletWeb

@Suite("Where a sign-in leads, and where pages lie") struct SignInTests {
  @Test("A path of this server is followed", arguments: ["/", "/runs/1?a=b", "/experiments/3#x"])
  func local(path: String) { #expect(SignInPage.local(path) == path) }

  @Test(
    "Everything else leads home",
    arguments: [
      nil, "", "//evil.example", "https://evil.example", "/\\evil.example", "\\/evil", "javascript:alert(1)", "/a\r\nb",
      "/ä", "/sign-in", "/sign-out", "/" + String(repeating: "a", count: 3000),
    ])
  func foreign(path: String?) { #expect(SignInPage.local(path) == "/") }

  @Test("A prefix stands before links, forms and files, and nowhere else")
  func prefix() throws {
    let html =
      #"<a href="/x"></a><form action="/y"><input value="/z"></form><img src="/s"><a href="https://a/">="/"</a>"#
    #expect(
      try PathPrefix("/m/").applied(to: html)
        == #"<a href="/m/x"></a><form action="/m/y"><input value="/z"></form><img src="/m/s"><a href="https://a/">="/"</a>"#
    )
    #expect(PathPrefix().applied(to: html) == html)
  }

  @Test("What is no plain path is no prefix", arguments: ["m", "/a b", "/a//b", "/..", "/a?b", "/ä", "/\""])
  func badPrefix(text: String) { #expect(throws: MartletError.self) { try PathPrefix(text) } }
}
