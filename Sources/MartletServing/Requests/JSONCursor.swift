import MartletCore

/// Reads JSON in place, value by value, without building a tree. `NaN`, `Infinity` and `-Infinity` are read as
/// numbers, since MLflow's Python clients write them.
struct JSONCursor {
  let bytes: [UInt8]
  private(set) var position = 0
  static let maxDepth = 64

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next byte that is not white space; 0 at the end.
  mutating func peek() -> UInt8 {
    while position < bytes.count {
      let byte = bytes[position]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
      position += 1
    }
    return 0
  }

  /// Steps over `byte` when it comes next, after white space.
  mutating func skip(_ byte: UInt8) -> Bool {
    guard peek() == byte, position < bytes.count else { return false }
    position += 1
    return true
  }

  mutating func expect(_ byte: UInt8, _ place: String) throws(RequestRefusal) {
    guard skip(byte) else {
      throw failure("expected '\(Character(Unicode.Scalar(byte)))' \(place)")
    }
  }

  mutating func expectEnd() throws(RequestRefusal) {
    _ = peek()
    guard position == bytes.count else { throw failure("unexpected text after the value") }
  }

  mutating func move(to position: Int) { self.position = position }

  func failure(_ reason: String) -> RequestRefusal {
    .malformed("Failed to parse the request body as JSON at byte \(position): \(reason).")
  }

  // MARK: Objects and lists

  /// Calls `body` at each member's value, with the range of the key's bytes; keys with escapes come as their text.
  mutating func forEachMember(
    _ body: (inout JSONCursor, JSONKey) throws(RequestRefusal) -> Void
  ) throws(RequestRefusal) {
    try expect(UInt8(ascii: "{"), "at the start of an object")
    if skip(UInt8(ascii: "}")) { return }
    while true {
      let key = try key()
      try expect(UInt8(ascii: ":"), "after a key")
      try body(&self, key)
      if skip(UInt8(ascii: "}")) { return }
      try expect(UInt8(ascii: ","), "or '}' in an object")
    }
  }

  /// Calls `body` at each element.
  mutating func forEachElement(
    _ body: (inout JSONCursor) throws(RequestRefusal) -> Void
  ) throws(RequestRefusal) {
    try expect(UInt8(ascii: "["), "at the start of a list")
    if skip(UInt8(ascii: "]")) { return }
    while true {
      try body(&self)
      if skip(UInt8(ascii: "]")) { return }
      try expect(UInt8(ascii: ","), "or ']' in a list")
    }
  }

  /// A key, or any other string that is only compared.
  mutating func key() throws(RequestRefusal) -> JSONKey {
    guard peek() == UInt8(ascii: "\"") else { throw failure("expected a key") }
    let start = position + 1
    if let end = plainEnd(from: start) {
      position = end + 1
      return JSONKey(bytes: bytes, range: start..<end)
    }
    let text = Array(try text().utf8)
    return JSONKey(bytes: text, range: 0..<text.count)
  }

  // MARK: Scalars

  /// Where a string without escapes ends; nil when it has an escape, a control character or no end.
  private func plainEnd(from start: Int) -> Int? {
    var at = start
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "\"") { return at }
      if byte == UInt8(ascii: "\\") || byte < 0x20 { return nil }
      at += 1
    }
    return nil
  }

  mutating func text() throws(RequestRefusal) -> String {
    guard peek() == UInt8(ascii: "\"") else { throw failure("expected a string") }
    if let end = plainEnd(from: position + 1) {
      defer { position = end + 1 }
      return try string(position + 1..<end)
    }
    return try escapedText()
  }

  private func string(_ range: Range<Int>) throws(RequestRefusal) -> String {
    let text = bytes.withUnsafeBufferPointer { buffer in
      String(validating: UnsafeBufferPointer(rebasing: buffer[range]), as: UTF8.self)
    }
    guard let text else { throw failure("a string is not valid UTF-8") }
    return text
  }

  /// Strings with escapes are rare: the shared parser reads them.
  private mutating func escapedText() throws(RequestRefusal) -> String {
    var end = position + 1
    while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
      end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard end < bytes.count else { throw failure("the string does not end") }
    guard let value = try? JSON.parse(bytes[position...end]), case .string(let text) = value else {
      throw failure("a string has a control character, an unknown escape, or is not valid UTF-8")
    }
    position = end + 1
    return text
  }

  /// Steps over `word` when it stands here.
  mutating func skipWord(_ word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    guard position + length <= bytes.count else { return false }
    for offset in 0..<length where bytes[position + offset] != word.utf8Start[offset] { return false }
    position += length
    return true
  }

  /// Steps over one value of any kind.
  mutating func skipValue(depth: Int = 0) throws(RequestRefusal) {
    guard depth < Self.maxDepth else { throw failure("nested deeper than \(Self.maxDepth) levels") }
    switch peek() {
    case UInt8(ascii: "{"):
      try forEachMember { cursor, _ throws(RequestRefusal) in try cursor.skipValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      try forEachElement { cursor throws(RequestRefusal) in try cursor.skipValue(depth: depth + 1) }
    case UInt8(ascii: "\""): _ = try text()
    case UInt8(ascii: "t"): guard skipWord("true") else { throw failure("expected a value") }
    case UInt8(ascii: "f"): guard skipWord("false") else { throw failure("expected a value") }
    case UInt8(ascii: "n"): guard skipWord("null") else { throw failure("expected a value") }
    default: _ = try number()
    }
  }
}

/// A key of a JSON object, by its bytes.
struct JSONKey {
  let bytes: [UInt8]
  let range: Range<Int>

  /// The key as text; bytes that are not UTF-8 are replaced, since it is only used in messages and comparisons.
  var text: String { String(decoding: bytes[range], as: UTF8.self) }

  static func == (key: JSONKey, word: StaticString) -> Bool {
    guard key.range.count == word.utf8CodeUnitCount else { return false }
    for offset in 0..<key.range.count where key.bytes[key.range.lowerBound + offset] != word.utf8Start[offset] {
      return false
    }
    return true
  }
}
