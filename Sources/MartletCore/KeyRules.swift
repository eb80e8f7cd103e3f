/// What the keys of metrics, parameters and tags may look like, as MLflow's clients expect (utils/validation.py):
/// letters, digits, `_ - . / :` and spaces, at most 250 characters, and not a path that resolves to another name.
package enum KeyRules {
  package static let longestKey = 250

  /// Throws 400 when `key` is not a valid key; `path` is its place in the request, such as `metrics[3].name`.
  package static func check(_ key: String, at path: String, longest: Int = longestKey, called what: String) throws {
    if isPlain(key) {
      guard key.utf8.count <= longest else { throw tooLong(what, longest) }
      return
    }
    guard key.unicodeScalars.allSatisfy(isAllowed) else {
      throw MartletError.invalidInput(
        "Invalid value \(quoted(key)) for parameter '\(path)' supplied: Names may only contain alphanumerics, "
          + "underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).")
    }
    let resolved = normalized(key)
    guard resolved == key, resolved != ".", !resolved.hasPrefix(".."), !resolved.hasPrefix("/") else {
      throw MartletError.invalidInput(
        "Invalid value \(quoted(key)) for parameter '\(path)' supplied: Names may be treated as files in certain "
          + "cases, and must not resolve to other names when treated as such. This name would resolve to "
          + "'\(resolved.prefix(80))'")
    }
    guard key.unicodeScalars.count <= longest else { throw tooLong(what, longest) }
  }

  /// Throws 400 when a value is longer than `longest` UTF-8 bytes.
  package static func checkLength(_ value: String, longest: Int, called what: String) throws {
    guard value.utf8.count <= longest else {
      throw MartletError.invalidInput("'\(what)' exceeds the maximum length of \(longest) bytes")
    }
    guard !value.utf8.contains(0) else { throw MartletError.invalidInput("'\(what)' contains a NUL character") }
  }

  /// Python's `posixpath.normpath`: the path without empty, `.` and resolvable `..` components.
  package static func normalized(_ path: String) -> String {
    guard !path.isEmpty else { return "." }
    let leadingSlashes = path.hasPrefix("//") && !path.hasPrefix("///") ? 2 : path.hasPrefix("/") ? 1 : 0
    var kept: [Substring] = []
    for part in path.split(separator: "/", omittingEmptySubsequences: true) where part != "." {
      if part != ".." || (leadingSlashes == 0 && kept.isEmpty) || kept.last == ".." {
        kept.append(part)
      } else if !kept.isEmpty {
        kept.removeLast()
      }
    }
    let joined = String(repeating: "/", count: leadingSlashes) + kept.joined(separator: "/")
    return joined.isEmpty ? "." : joined
  }

  /// The common case, decided byte by byte: ASCII word characters with single inner dots and slashes.
  private static func isPlain(_ key: String) -> Bool {
    var previous = UInt8(ascii: "/")
    for byte in key.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        break
      case UInt8(ascii: "."), UInt8(ascii: "/"):
        if previous == UInt8(ascii: "/") || previous == UInt8(ascii: ".") { return false }
      default: return false
      }
      previous = byte
    }
    return previous != UInt8(ascii: "/") && previous != UInt8(ascii: ".")
  }

  /// Python's `[/\w.\- :]` for text: `\w` is any letter, digit or underscore of any script.
  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "/", "_", ".", "-", " ", ":": true
    default:
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
        .letterNumber, .otherNumber:
        true
      default: false
      }
    }
  }

  private static func tooLong(_ what: String, _ longest: Int) -> MartletError {
    .invalidInput("'\(what)' exceeds the maximum length of \(longest) characters")
  }

  private static func quoted(_ key: String) -> String { JSON.string(String(key.prefix(120))).text }
}
