import MartletCore

/// A word, number or sign of a gate's line, with the place of its first character (from 1).
struct GateToken: Hashable {
  enum Kind: Hashable {
    case name(String)
    case number(Double)
    case sign(String)
    case end
  }

  var kind: Kind
  var place: Int

  var shown: String {
    switch kind {
    case .name(let text), .sign(let text): "'\(text)'"
    case .number(let value): "'\(value.shortest)'"
    case .end: "the end"
    }
  }

  static func all(of text: String) throws -> [GateToken] {
    guard text.count <= 500 else { throw MartletError.invalidInput("a gate's line has at most 500 characters") }
    var tokens: [GateToken] = []
    let characters = Array(text)
    var index = 0
    while index < characters.count {
      let character = characters[index]
      let place = index + 1
      if character.isWhitespace {
        index += 1
      } else if isDigit(character) {
        let end = characters[index...].firstIndex { !isDigit($0) && $0 != "." } ?? characters.count
        guard let value = Double(String(characters[index..<end])) else {
          throw MartletError.invalidInput(
            "'\(text)': at character \(place): '\(String(characters[index..<end]))' is not a number")
        }
        tokens.append(GateToken(kind: .number(value), place: place))
        index = end
      } else if character == "_" || character.isLetter {
        let end = characters[index...].firstIndex { !($0 == "_" || $0.isLetter || isDigit($0)) } ?? characters.count
        tokens.append(GateToken(kind: .name(String(characters[index..<end])), place: place))
        index = end
      } else {
        let pair = String(characters[index..<min(index + 2, characters.count)])
        let sign = [">=", "<=", "==", "!="].contains(pair) ? pair : String(character)
        guard ">= <= == != > < + - * / ( ) . % ≥ ≤".split(separator: " ").contains(Substring(sign)) else {
          throw MartletError.invalidInput("'\(text)': at character \(place): '\(sign)' has no meaning here")
        }
        tokens.append(GateToken(kind: .sign(["≥": ">=", "≤": "<="][sign] ?? sign), place: place))
        index += sign.count
      }
    }
    tokens.append(GateToken(kind: .end, place: characters.count + 1))
    return tokens
  }

  private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }
}

extension Double {
  /// Without a fraction of zero, and with at most four significant digits for people.
  var shortest: String {
    if self == rounded(), abs(self) < 1e15 { return String(Int64(self)) }
    var digits = self
    let scale = magnitudeScale
    digits = (self * scale).rounded() / scale
    return String(digits)
  }

  private var magnitudeScale: Double {
    var scale = 1000.0
    var rest = abs(self)
    while rest > 0, rest < 0.1, scale < 1e12 {
      rest *= 10
      scale *= 10
    }
    while rest >= 10, scale > 1 {
      rest /= 10
      scale /= 10
    }
    return scale * 10
  }
}
