import MartletCore
import Testing

@testable import MartletServer

@Suite("Addresses are percent-decoded exactly once")
struct PercentDecodingTests {
  @Test(
    "A segment is decoded once and no further",
    arguments: [("a%20b", "a b"), ("%252e%252e", "%2e%2e"), ("caf%C3%A9", "café"), ("a+b", "a+b")])
  func decoded(text: String, expected: String) throws { #expect(try PercentDecoding.segment(text) == expected) }

  @Test("What is not text is refused", arguments: ["%", "%2", "%zz", "%FF", "%00", "a%0Ab", "%7F", ""])
  func refused(text: String) { #expect(throws: MartletError.self) { try PercentDecoding.segment(text) } }

  @Test("In a query a plus is a space")
  func plus() throws { #expect(try PercentDecoding.queryPart("a+b%2Bc") == "a b+c") }
}
