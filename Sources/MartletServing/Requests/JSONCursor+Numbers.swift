extension JSONCursor {
  /// A number as JSON (RFC 8259) writes it, or NaN, Infinity, -Infinity; correctly rounded.
  ///
  /// Up to 19 digits and a small power of ten are exact in floating point (Clinger 1990); the rest is left to the
  /// standard library.
  mutating func number() throws(RequestRefusal) -> Double {
    _ = peek()
    let start = position
    let isNegative = skipHere(UInt8(ascii: "-"))
    if skipWord("Infinity") { return isNegative ? -.infinity : .infinity }
    if !isNegative, skipWord("NaN") { return .nan }
    var mantissa: UInt64 = 0
    let whole = digits(into: &mantissa)
    guard whole > 0, whole == 1 || bytes[position - whole] != UInt8(ascii: "0") else {
      move(to: start)
      throw failure("expected a value")
    }
    var fraction = 0
    if skipHere(UInt8(ascii: ".")) {
      fraction = digits(into: &mantissa)
      guard fraction > 0 else { throw failure("digits are missing after the decimal point") }
    }
    let exponent = try exponent()
    return value(isNegative, mantissa, whole + fraction, exponent - fraction, start)
  }

  private func value(_ isNegative: Bool, _ mantissa: UInt64, _ digits: Int, _ power: Int, _ start: Int) -> Double {
    guard digits <= 19, mantissa <= 1 << 53, abs(power) <= 22 else {
      return Double(String(decoding: bytes[start..<position], as: UTF8.self)) ?? .nan
    }
    let magnitude = power < 0 ? Double(mantissa) / Self.powers[-power] : Double(mantissa) * Self.powers[power]
    return isNegative ? -magnitude : magnitude
  }

  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]

  private mutating func skipHere(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    move(to: position + 1)
    return true
  }

  /// How many digits stand here; they are appended to `mantissa`, which wraps beyond 19 of them.
  private mutating func digits(into mantissa: inout UInt64) -> Int {
    var at = position
    while at < bytes.count, bytes[at] &- 48 < 10 {
      mantissa = mantissa &* 10 &+ UInt64(bytes[at] &- 48)
      at += 1
    }
    defer { move(to: at) }
    return at - position
  }

  private mutating func exponent() throws(RequestRefusal) -> Int {
    guard skipHere(UInt8(ascii: "e")) || skipHere(UInt8(ascii: "E")) else { return 0 }
    let isNegative = skipHere(UInt8(ascii: "-"))
    if !isNegative { _ = skipHere(UInt8(ascii: "+")) }
    var value: UInt64 = 0
    let count = digits(into: &value)
    guard count > 0 else { throw failure("digits are missing in the exponent") }
    // More than a Double can hold: any large power sends the text to the standard library.
    let magnitude = count > 6 ? 1_000_000 : Int(value)
    return isNegative ? -magnitude : magnitude
  }
}
