import MartletCore
import Testing

@Suite("Names and digests")
struct IdentifiersTests {
  @Test("A random id is 32 lower-case hexadecimal digits, and no two are the same")
  func random() {
    let ids = Set((0..<1000).map { _ in RunID.random().text })
    #expect(ids.count == 1000)
    #expect(ids.allSatisfy { $0.utf8.count == 32 && $0.allSatisfy { $0.isHexDigit && !$0.isUppercase } })
  }

  @Test("A random id is the generator's bits in hexadecimal, leading zeros included")
  func randomDigits() {
    struct Words: RandomNumberGenerator {
      var words: [UInt64]
      mutating func next() -> UInt64 { words.removeFirst() }
    }
    var generator = Words(words: [0x0012_3456_789a_bcde, 0xf])
    #expect(RunID.random(using: &generator).text == "00123456789abcde000000000000000f")
  }

  @Test("An id is its text in JSON")
  func codable() throws {
    #expect(try JSON(encoding: ["id": RunID("abc")]) == ["id": "abc"])
    #expect(try JSON.object(["id": "abc"]).decode([String: RunID].self) == ["id": "abc"])
  }

  @Test("A digest is 64 lower-case hexadecimal digits and nothing else")
  func digest() {
    let hex = String(repeating: "0f", count: 32)
    #expect(Digest(hex: hex)?.hex == hex && Digest(hex: hex)?.short == "0f0f0f0f0f0f")
    for wrong in ["", "0f", hex.uppercased(), hex + "0", String(hex.dropLast()) + "g", String(hex.dropLast()) + "٠"] {
      #expect(Digest(hex: wrong) == nil)
    }
    #expect(Digest(bytes: Array(repeating: UInt8(15), count: 32)).hex == hex)
  }

  @Test("A model version is written as people write it")
  func modelVersion() { #expect(ModelVersionID(model: "flight-delay", version: 3).description == "flight-delay@3") }
}
