import MartletCore
import Testing

@Suite("A slip of the pen gets a suggestion, a stranger none")
struct DidYouMeanTests {
  @Test(
    "The closest name is suggested",
    arguments: [
      ("agee", "age"), ("carier", "carrier"), ("CARRIER", "carrier"), ("dep_tiem", "dep_time"), ("ag", "age"),
    ])
  func suggested(written: String, meant: String) {
    #expect(didYouMean(written, among: ["age", "carrier", "dep_time"]) == ": did you mean '\(meant)'?")
  }

  @Test("A name far from all, and no names at all, suggest nothing")
  func nothing() {
    #expect(didYouMean("temperature", among: ["age", "carrier"]) == "")
    #expect(didYouMean("age", among: [String]()) == "")
    #expect(didYouMean("", among: ["age"]) == "")
  }

  @Test("A very long word takes no time")
  func long() { #expect(didYouMean(String(repeating: "x", count: 1_000_000), among: ["age"]) == "") }
}
