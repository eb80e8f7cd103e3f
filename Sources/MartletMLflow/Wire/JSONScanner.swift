/// Reads JSON where it lies, without building a tree: for the requests that arrive by the thousand.
///
/// It knows only the common case; on anything unusual it throws `Unusual`, and the caller reads the body again by
/// the ordinary, slower way, which also words the error.
struct JSONScanner {
  struct Unusual: Error {}

  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// Hands each member's key to `body`, which must read its value.
  mutating func object(_ body: (inout JSONScanner, Key) throws -> Void) throws {
    try expect(UInt8(ascii: "{"))
    if next(is: UInt8(ascii: "}")) { return }
    repeat {
      let key = try key()
      try expect(UInt8(ascii: ":"))
      try body(&self, key)
    } while next(is: UInt8(ascii: ","))
    try expect(UInt8(ascii: "}"))
  }

  /// Calls `body` before each element, which it must read.
  mutating func list(_ body: (inout JSONScanner) throws -> Void) throws {
    try expect(UInt8(ascii: "["))
    if next(is: UInt8(ascii: "]")) { return }
    repeat { try body(&self) } while next(is: UInt8(ascii: ","))
    try expect(UInt8(ascii: "]"))
  }

  /// Throws unless nothing but space is left.
  mutating func end() throws {
    skipSpace()
    guard position == bytes.count else { throw Unusual() }
  }

  // MARK: Values

  /// A key as the bytes between its quotes; compared, not copied.
  struct Key {
    fileprivate let bytes: UnsafeBufferPointer<UInt8>

    static func == (key: Key, name: StaticString) -> Bool {
      guard key.bytes.count == name.utf8CodeUnitCount else { return false }
      return name.withUTF8Buffer { $0.elementsEqual(key.bytes) }
    }

    static func ~= (name: StaticString, key: Key) -> Bool { key == name }
  }

  private mutating func key() throws -> Key { Key(bytes: try textBytes()) }

  mutating func text() throws -> String {
    guard let text = String(validating: try textBytes(), as: UTF8.self) else { throw Unusual() }
    return text
  }

  /// A whole number, also where it is written as text.
  mutating func integer() throws -> Int64 {
    let isText = next(is: UInt8(ascii: "\""))
    let start = position
    if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
    let isNegative = position > start
    var magnitude: UInt64 = 0
    let firstDigit = position
    while position < bytes.count, (48...57).contains(bytes[position]), position - firstDigit < 18 {
      magnitude = magnitude * 10 + UInt64(bytes[position] - 48)
      position += 1
    }
    guard position > firstDigit, !isText || (position < bytes.count && bytes[position] == UInt8(ascii: "\"")) else {
      throw Unusual()
    }
    // JSON has no `007`.
    guard isText || position == firstDigit + 1 || bytes[firstDigit] != UInt8(ascii: "0") else { throw Unusual() }
    if isText { position += 1 } else { try endOfNumber() }
    return isNegative ? -Int64(magnitude) : Int64(magnitude)
  }

  /// A number in JSON's spelling; NaN and infinities, which are written as text, are left to the ordinary way.
  mutating func double() throws -> Double {
    skipSpace()
    let start = position
    while position < bytes.count, Self.belongsToNumber(bytes[position]) { position += 1 }
    let digits = UnsafeBufferPointer(rebasing: bytes[start..<position])
    try endOfNumber()
    guard let first = digits.first, first == UInt8(ascii: "-") || (48...57).contains(first) else { throw Unusual() }
    if let exact = Self.exactDecimal(digits) { return exact }
    guard let text = String(validating: digits, as: UTF8.self), Self.isJSONNumber(digits), let value = Double(text),
      value.isFinite
    else { throw Unusual() }
    return value
  }

  // MARK: Bytes

  private mutating func textBytes() throws -> UnsafeBufferPointer<UInt8> {
    try expect(UInt8(ascii: "\""))
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        position += 1
        return UnsafeBufferPointer(rebasing: bytes[start..<position - 1])
      }
      guard byte >= 0x20, byte != UInt8(ascii: "\\") else { throw Unusual() }
      position += 1
    }
    throw Unusual()
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private mutating func expect(_ byte: UInt8) throws {
    guard next(is: byte) else { throw Unusual() }
  }

  private mutating func next(is byte: UInt8) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private func endOfNumber() throws {
    guard position < bytes.count else { throw Unusual() }
    switch bytes[position] {
    case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x0A, 0x0D, 0x09: return
    default: throw Unusual()
    }
  }

  private static func belongsToNumber(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
      || byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E")
  }

  /// `-?digits[.digits]` with at most 15 digits and 22 decimals: both the digits and the power of ten are exact
  /// doubles, so that one division rounds correctly (W. D. Clinger, "How to read floating point numbers accurately").
  private static func exactDecimal(_ digits: UnsafeBufferPointer<UInt8>) -> Double? {
    var index = 0
    let isNegative = digits[0] == UInt8(ascii: "-")
    if isNegative { index += 1 }
    var (mantissa, count, decimals, pointAt) = (UInt64(0), 0, 0, -1)
    let first = index
    while index < digits.count {
      let byte = digits[index]
      if byte == UInt8(ascii: "."), pointAt < 0, index > first {
        pointAt = index
      } else if (48...57).contains(byte) {
        mantissa = mantissa * 10 + UInt64(byte - 48)
        count += 1
        if pointAt >= 0 { decimals += 1 }
        guard count <= 15 else { return nil }
      } else {
        return nil
      }
      index += 1
    }
    let leadingZero = first + 1 < digits.count && digits[first] == 48 && (48...57).contains(digits[first + 1])
    guard count > 0, !leadingZero, pointAt < 0 || decimals > 0 else { return nil }
    let value = Double(mantissa) / powersOfTen[decimals]
    return isNegative ? -value : value
  }

  private static let powersOfTen: [Double] = (0...22).map { power in
    (0..<power).reduce(1) { product, _ in product * 10 }
  }

  /// Swift's `Double` reads more spellings than JSON allows: `1.`, `.5`, `01`.
  private static func isJSONNumber(_ digits: UnsafeBufferPointer<UInt8>) -> Bool {
    var rest = digits[...]
    if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
    let whole = rest.prefix { (48...57).contains($0) }
    guard let first = whole.first, first != 48 || whole.count == 1 else { return false }
    rest = rest.dropFirst(whole.count)
    if rest.first == UInt8(ascii: ".") {
      let decimals = rest.dropFirst().prefix { (48...57).contains($0) }
      guard !decimals.isEmpty else { return false }
      rest = rest.dropFirst(1 + decimals.count)
    }
    return rest.isEmpty || rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E")
  }
}
