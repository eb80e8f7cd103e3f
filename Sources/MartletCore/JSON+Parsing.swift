extension JSON {
  /// Reads one JSON text (RFC 8259) and nothing after it.
  ///
  /// A whole number outside Int64 is an error, not a rounded double; a duplicate key is an error; nesting deeper
  /// than `maxDepth` is an error.
  package static func parse(_ bytes: some Sequence<UInt8>, maxDepth: Int = 64) throws -> JSON {
    var parser = JSONParser(bytes: Array(bytes), maxDepth: maxDepth)
    return try parser.document()
  }

  package static func parse(_ text: String, maxDepth: Int = 64) throws -> JSON {
    try parse(text.utf8, maxDepth: maxDepth)
  }
}

private struct JSONParser {
  private let bytes: [UInt8]
  private let maxDepth: Int
  private var position = 0
  private var depth = 0

  init(bytes: [UInt8], maxDepth: Int) {
    self.bytes = bytes
    self.maxDepth = maxDepth
  }

  mutating func document() throws -> JSON {
    skipSpace()
    let value = try value()
    skipSpace()
    guard position == bytes.count else { throw failure("unexpected text after the value") }
    return value
  }

  private mutating func value() throws -> JSON {
    guard position < bytes.count else { throw failure("the text ends where a value is expected") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return try nested { try $0.object() }
    case UInt8(ascii: "["): return try nested { try $0.list() }
    case UInt8(ascii: "\""): return .string(try text())
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func nested(_ body: (inout JSONParser) throws -> JSON) throws -> JSON {
    depth += 1
    guard depth <= maxDepth else { throw failure("nested deeper than \(maxDepth) levels") }
    defer { depth -= 1 }
    position += 1
    return try body(&self)
  }

  private mutating func object() throws -> JSON {
    var members: [String: JSON] = [:]
    skipSpace()
    if skip("}") { return .object(members) }
    while true {
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw failure("expected a key") }
      let key = try text()
      skipSpace()
      guard skip(":") else { throw failure("expected ':' after the key") }
      skipSpace()
      guard members.updateValue(try value(), forKey: key) == nil else {
        throw failure("the key '\(key.prefix(40))' stands twice in one object")
      }
      skipSpace()
      if skip("}") { return .object(members) }
      guard skip(",") else { throw failure("expected ',' or '}'") }
    }
  }

  private mutating func list() throws -> JSON {
    var elements: [JSON] = []
    skipSpace()
    if skip("]") { return .array(elements) }
    while true {
      skipSpace()
      elements.append(try value())
      skipSpace()
      if skip("]") { return .array(elements) }
      guard skip(",") else { throw failure("expected ',' or ']'") }
    }
  }

  private mutating func text() throws -> String {
    position += 1
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\") {
      guard bytes[position] >= 0x20 else { throw failure("a control character inside a string") }
      position += 1
    }
    guard position < bytes.count else { throw failure("the string does not end") }
    if bytes[position] == UInt8(ascii: "\"") {
      defer { position += 1 }
      return try utf8(bytes[start..<position])
    }
    var buffer = Array(bytes[start..<position])
    while true {
      guard position < bytes.count else { throw failure("the string does not end") }
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return try utf8(buffer)
      case UInt8(ascii: "\\"): try escape(into: &buffer)
      case 0..<0x20: throw failure("a control character inside a string")
      default: buffer.append(byte)
      }
    }
  }

  private func utf8(_ buffer: some Collection<UInt8>) throws -> String {
    guard let text = String(validating: buffer, as: UTF8.self) else { throw failure("a string is not valid UTF-8") }
    return text
  }

  private mutating func escape(into buffer: inout [UInt8]) throws {
    guard position < bytes.count else { throw failure("the string does not end") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(byte)
    case UInt8(ascii: "b"): buffer.append(8)
    case UInt8(ascii: "f"): buffer.append(12)
    case UInt8(ascii: "n"): buffer.append(10)
    case UInt8(ascii: "r"): buffer.append(13)
    case UInt8(ascii: "t"): buffer.append(9)
    case UInt8(ascii: "u"): buffer.append(contentsOf: Array(String(try unicodeEscape()).utf8))
    default: throw failure("an unknown escape in a string")
    }
  }

  private mutating func unicodeEscape() throws -> Unicode.Scalar {
    let first = try fourHexDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard (0xD800..<0xDC00).contains(first), skip("\\"), skip("u") else { throw failure("half a surrogate pair") }
    let second = try fourHexDigits()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw failure("half a surrogate pair") }
    return scalar
  }

  private mutating func fourHexDigits() throws -> UInt32 {
    guard position + 4 <= bytes.count,
      bytes[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw failure("\\u needs four hexadecimal digits") }
    position += 4
    return value
  }

  private mutating func number() throws -> JSON {
    let start = position
    _ = skip("-")
    guard let leading = digits(), leading == 1 || bytes[position - leading] != UInt8(ascii: "0") else {
      position = start
      throw failure("expected a value")
    }
    var isWhole = true
    if skip(".") {
      isWhole = false
      guard digits() != nil else { throw failure("digits are missing after the decimal point") }
    }
    if skip("e") || skip("E") {
      isWhole = false
      if !skip("-") { _ = skip("+") }
      guard digits() != nil else { throw failure("digits are missing in the exponent") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole {
      guard let value = Int64(text) else { throw failure("a whole number does not fit 64 bits") }
      return .integer(value)
    }
    guard let value = Double(text), value.isFinite else { throw failure("a number is too large") }
    return .double(value)
  }

  /// Skips digits and says how many; nil when there is none.
  private mutating func digits() -> Int? {
    let start = position
    while position < bytes.count, (48...57).contains(bytes[position]) { position += 1 }
    return position > start ? position - start : nil
  }

  private mutating func word(_ word: StaticString, _ meaning: JSON) throws -> JSON {
    let end = position + word.utf8CodeUnitCount
    guard end <= bytes.count, bytes[position..<end].elementsEqual(word.description.utf8) else {
      throw failure("expected a value")
    }
    position = end
    return meaning
  }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  private func failure(_ reason: String) -> MartletError {
    MartletError(.invalidInput, "malformed JSON at byte \(position): \(reason)")
  }
}
