import MartletCore
import Testing

@Suite("JSON keeps what was written")
struct JSONTests {
  @Test("Whole numbers stay whole, true is not 1, and null is not missing")
  func types() throws {
    let value = try JSON.parse(#" {"a": 1, "b": 1.0, "c": true, "d": null, "e": [ ] , "f": {}, "g": "x"} "#)
    #expect(value["a"] == .integer(1) && value["b"] == .double(1) && value["c"] == .boolean(true))
    #expect(value["d"] == .null && value["missing"] == nil)
    #expect(value["e"] == .array([]) && value["f"] == .object([:]) && value["g"] == "x")
    #expect(value["a"]?.double == 1 && value["b"]?.integer == 1 && value["c"]?.integer == nil)
  }

  @Test(
    "Numbers are read exactly",
    arguments: [
      ("0", JSON.integer(0)), ("-0", .integer(0)), ("9223372036854775807", .integer(.max)),
      ("-9223372036854775808", .integer(.min)), ("0.1", .double(0.1)), ("1e3", .double(1000)), ("1E-2", .double(0.01)),
      ("-1.5e+2", .double(-150)), ("4.9e-324", .double(.leastNonzeroMagnitude)),
    ])
  func numbers(text: String, expected: JSON) throws { #expect(try JSON.parse(text) == expected) }

  @Test(
    "Malformed text is refused with the byte where it breaks",
    arguments: [
      "", " ", "{", "[", "[1,]", "{,}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "{a:1}", "01", "-", "1.", ".5", "1e", "+1",
      "tru", "nul", "TRUE", "NaN", "Infinity", "1 2", "[1 2]", "\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"",
      "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "'a'", "9223372036854775808", "1e999", "[1]]",
      "/* */ 1", "\u{FEFF}1",
    ])
  func malformed(text: String) {
    let error = #expect(throws: MartletError.self) { try JSON.parse(text) }
    #expect(error?.code == .invalidInput)
    #expect(error?.message.hasPrefix("malformed JSON at byte ") == true)
  }

  @Test("Bytes that are not UTF-8 are refused inside strings")
  func invalidUTF8() {
    for bytes in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] as [[UInt8]] {
      #expect(throws: MartletError.self) { try JSON.parse(bytes) }
    }
  }

  @Test("A key that stands twice is refused, not overwritten")
  func duplicateKey() {
    let error = #expect(throws: MartletError.self) { try JSON.parse(#"{"a":1,"a":2}"#) }
    #expect(error?.message.contains("'a' stands twice") == true)
  }

  @Test("Nesting ends at the limit, without ending the process")
  func depth() throws {
    let nested = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    #expect(throws: Never.self) { try JSON.parse(nested(64)) }
    #expect(throws: MartletError.self) { try JSON.parse(nested(65)) }
    #expect(throws: MartletError.self) { try JSON.parse(String(repeating: "{\"a\":", count: 100_000)) }
  }

  @Test("Escapes are read, also those outside the basic plane")
  func escapes() throws {
    #expect(try JSON.parse(#""\"\\\/\b\f\n\r\té\ud83d\udc26""#) == .string("\"\\/\u{8}\u{C}\n\r\té🐦"))
  }

  @Test("The text has sorted keys and no spaces, so that equal values give equal bytes")
  func canonical() throws {
    let value = try JSON.parse(#"{ "b" : [1, 2.5, true, null], "a" : {"z": "\u0001\n", "y": 0.1} }"#)
    #expect(value.text == #"{"a":{"y":0.1,"z":"\u0001\n"},"b":[1,2.5,true,null]}"#)
  }

  @Test("Numbers that JSON cannot write come out as words")
  func unwritable() {
    #expect(
      JSON.array([.double(.nan), .double(.infinity), .double(-.infinity)]).text == #"["NaN","Infinity","-Infinity"]"#)
  }

  @Test("Any value that is written is read back equal", arguments: 0..<200)
  func roundTrip(seed: Int) throws {
    var generator = Xorshift(seed: UInt64(seed) + 1)
    let value = randomValue(depth: 4, &generator)
    let text = value.text
    #expect(try JSON.parse(text) == value)
    #expect(try JSON.parse(text).text == text)
  }

  @Test("Types travel through JSON, and one that does not fit is named by its path")
  func codable() throws {
    struct Trip: Codable, Equatable {
      var origin: String
      var stops: [Int]
    }
    let trip = Trip(origin: "JFK", stops: [1, 2])
    #expect(try JSON(encoding: trip).decode(Trip.self) == trip)
    let wrong = #expect(throws: MartletError.self) {
      try JSON.parse(#"{"origin":"JFK","stops":[1,"x"]}"#).decode(Trip.self)
    }
    #expect(wrong?.code == .invalidInput && wrong?.message.contains("stops[1]") == true)
    let missing = #expect(throws: MartletError.self) { try JSON.parse(#"{"origin":"JFK"}"#).decode(Trip.self) }
    #expect(missing?.message.contains("stops") == true)
  }

  @Test("In the API's writing members are snake_case, and keys that are data stay as they are")
  func snakeCase() throws {
    struct Inner: Encodable { var latencyP99Milliseconds = 3.5 }
    struct Outer: Encodable {
      var firstAt = 1
      var rowsByVersion = ["flightDelay@3": Inner()]
      var byColumn = ["depDelay": ["arrDelay": 1]]
      var anything: JSON = ["keptAsIs": [["alsoKept": 1]], "n": .double(.nan)]
      var missing: Int?
    }
    let json = try JSON(snakeCase: Outer())
    #expect(
      json == [
        "first_at": 1, "rows_by_version": ["flightDelay@3": ["latency_p99_milliseconds": 3.5]],
        "by_column": ["depDelay": ["arrDelay": 1]], "anything": ["keptAsIs": [["alsoKept": 1]], "n": "NaN"],
      ])
    #expect(try JSON(encoding: Inner()) == ["latencyP99Milliseconds": 3.5])
  }
}

private func randomValue(depth: Int, _ generator: inout Xorshift) -> JSON {
  switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
  case 0: .null
  case 1: .boolean(.random(using: &generator))
  case 2: .integer(Int64(bitPattern: generator.next()) >> Int64.random(in: 0..<64, using: &generator))
  case 3: .double(randomDouble(&generator))
  case 4: .string(randomText(&generator))
  case 5: .array((0..<Int.random(in: 0..<5, using: &generator)).map { _ in randomValue(depth: depth - 1, &generator) })
  default:
    .object(
      Dictionary(
        (0..<Int.random(in: 0..<5, using: &generator)).map { number in
          ("\(number)" + randomText(&generator), randomValue(depth: depth - 1, &generator))
        }, uniquingKeysWith: { $1 }))
  }
}

private func randomDouble(_ generator: inout Xorshift) -> Double {
  let number = Double(bitPattern: generator.next())
  return number.isFinite ? number : 0.5
}

private func randomText(_ generator: inout Xorshift) -> String {
  let scalars: [Unicode.Scalar] = ["a", "\"", "\\", "/", "\n", "\u{1}", "\u{7F}", "é", "\u{301}", "日", "🐦", "\u{2028}"]
  let count = Int.random(in: 0..<8, using: &generator)
  return String(String.UnicodeScalarView((0..<count).compactMap { _ in scalars.randomElement(using: &generator) }))
}

/// G. Marsaglia, "Xorshift RNGs" (2003): the same numbers from the same seed.
private struct Xorshift: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
