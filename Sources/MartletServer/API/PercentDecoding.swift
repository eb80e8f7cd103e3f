import MartletCore

/// Percent-decoding, exactly once, of what stands in a request's target.
package enum PercentDecoding {
  /// One segment of a path: not empty, no control characters, valid UTF-8.
  package static func segment(_ text: some StringProtocol) throws -> String {
    let decoded = try decode(text, plusIsSpace: false)
    guard !decoded.isEmpty, decoded.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
      throw MartletError.invalidInput("a part of the path is empty or holds control characters")
    }
    return decoded
  }

  /// A name or a value after the question mark.
  package static func queryPart(_ text: some StringProtocol) throws -> String {
    let decoded = try decode(text, plusIsSpace: true)
    guard !decoded.unicodeScalars.contains(where: { $0.value == 0 }) else {
      throw MartletError.invalidInput("a query parameter holds a NUL")
    }
    return decoded
  }

  private static func decode(_ text: some StringProtocol, plusIsSpace: Bool) throws -> String {
    var bytes: [UInt8] = []
    var iterator = text.utf8.makeIterator()
    while let byte = iterator.next() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = iterator.next().flatMap(digit), let low = iterator.next().flatMap(digit) else {
          throw MartletError.invalidInput("'%' without two hexadecimal digits in the request's address")
        }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(0x20)
      default: bytes.append(byte)
      }
    }
    guard let decoded = String(validating: bytes, as: UTF8.self) else {
      throw MartletError.invalidInput("the request's address is not valid UTF-8")
    }
    return decoded
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
