import MartletCore

/// A query string, decoded once: `+` is a space, `%41` a byte.
enum QueryString {
  /// Every pair in order. Bytes that are not UTF-8 are 400.
  static func pairs(of query: Substring) throws -> [(name: String, value: String)] {
    try query.split(separator: "&").map { pair in
      let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (
        try decoded(halves[0], plusIsSpace: true), halves.count > 1 ? try decoded(halves[1], plusIsSpace: true) : ""
      )
    }
  }

  /// As fields: a name that stands once is text, one that stands several times is a list.
  static func fields(of query: Substring) throws -> [String: JSON] {
    var fields: [String: JSON] = [:]
    for (name, value) in try pairs(of: query) {
      switch fields[name] {
      case nil: fields[name] = .string(value)
      case .array(let values): fields[name] = .array(values + [.string(value)])
      case .some(let first): fields[name] = .array([first, .string(value)])
      }
    }
    return fields
  }

  /// Percent-decodes once.
  static func decoded(_ text: some StringProtocol, plusIsSpace: Bool) throws -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
          throw MartletError.invalidInput("Bad Request. '%' is not followed by two hexadecimal digits")
        }
        bytes.append(high << 4 | low)
      default: bytes.append(byte)
      }
    }
    guard !bytes.contains(0), let decoded = String(validating: bytes, as: UTF8.self) else {
      throw MartletError.invalidInput("Bad Request. The address is not UTF-8, or contains a NUL character")
    }
    return decoded
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
  }
}
