import MartletCore

/// A word of a filter.
enum FilterToken: Equatable {
  /// A bare word: an identifier, a part of one, or a keyword.
  case word(String)
  case singleQuoted(String)
  case doubleQuoted(String)
  case backticked(String)
  case number(String)
  case comparator(String)
  case open
  case close
  case comma
  /// Anything else, such as a semicolon.
  case other(String)

  /// As it stood in the filter, for messages.
  var written: String {
    switch self {
    case .word(let text), .number(let text), .comparator(let text), .other(let text): text
    case .singleQuoted(let text): "'\(text)'"
    case .doubleQuoted(let text): "\"\(text)\""
    case .backticked(let text): "`\(text)`"
    case .open: "("
    case .close: ")"
    case .comma: ","
    }
  }
}

/// A token and whether it touches the one before: `tags."a b"` is one identifier, `tags. "a b"` is not.
struct PlacedToken: Equatable {
  var token: FilterToken
  var touchesPrevious: Bool
}

enum FilterLexer {
  /// Longest filter that is read, in bytes.
  static let longestFilter = 1 << 20

  static func tokens(of text: String) throws -> [PlacedToken] {
    guard text.utf8.count <= longestFilter else { throw MartletError.invalidInput("the filter is longer than 1 MiB") }
    var lexer = Lexer(scalars: Array(text.unicodeScalars))
    return try lexer.all()
  }

  private struct Lexer {
    let scalars: [Unicode.Scalar]
    var position = 0

    init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    mutating func all() throws -> [PlacedToken] {
      var tokens: [PlacedToken] = []
      var touches = false
      while position < scalars.count {
        if scalars[position].properties.isWhitespace {
          position += 1
          touches = false
          continue
        }
        guard tokens.count < 2000 else { throw MartletError.invalidInput("the filter has more than 2000 words") }
        tokens.append(PlacedToken(token: try next(), touchesPrevious: touches))
        touches = true
      }
      return tokens
    }

    private mutating func next() throws -> FilterToken {
      let scalar = scalars[position]
      switch scalar {
      case "'": return .singleQuoted(try quoted(by: scalar))
      case "\"": return .doubleQuoted(try quoted(by: scalar))
      case "`": return .backticked(try quoted(by: scalar))
      case "(": return single(.open)
      case ")": return single(.close)
      case ",": return single(.comma)
      case "=", "<", ">", "!": return comparator()
      default: return try wordOrNumber()
      }
    }

    private mutating func single(_ token: FilterToken) -> FilterToken {
      position += 1
      return token
    }

    private mutating func comparator() -> FilterToken {
      var text = String(scalars[position])
      position += 1
      if position < scalars.count, scalars[position] == "=" {
        text.unicodeScalars.append(scalars[position])
        position += 1
      }
      return .comparator(text)
    }

    /// A doubled quote inside stands for one.
    private mutating func quoted(by quote: Unicode.Scalar) throws -> String {
      let start = position
      var text = String.UnicodeScalarView()
      position += 1
      while position < scalars.count {
        if scalars[position] == quote {
          position += 1
          guard position < scalars.count, scalars[position] == quote else { return String(text) }
        }
        text.append(scalars[position])
        position += 1
      }
      let rest = String(String.UnicodeScalarView(scalars[start...].prefix(40)))
      throw MartletError.invalidInput("Invalid clause(s) in filter string: \(rest) has no closing quote")
    }

    private mutating func wordOrNumber() throws -> FilterToken {
      let start = position
      while position < scalars.count, Self.belongsToWord(scalars[position]) { position += 1 }
      guard position > start else {
        position += 1
        return .other(String(scalars[start]))
      }
      let text = String(String.UnicodeScalarView(scalars[start..<position]))
      return Self.isNumber(text) ? .number(text) : .word(text)
    }

    private static func belongsToWord(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar {
      case "_", ".", "-", "/", ":", "+", "@", "#", "$", "%": true
      default: scalar.properties.isAlphabetic || scalar.properties.numericType != nil
      }
    }

    private static func isNumber(_ text: String) -> Bool {
      guard let first = text.utf8.first(where: { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") }),
        (48...57).contains(first) || first == UInt8(ascii: ".")
      else { return false }
      return Double(text) != nil && !text.utf8.contains(UInt8(ascii: "x")) && !text.utf8.contains(UInt8(ascii: "X"))
    }
  }
}
