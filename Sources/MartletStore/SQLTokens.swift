/// An SQL text cut where it matters for rewriting: words, question marks, and what must be left alone (literals,
/// quoted names, comments, all other characters). Joined together, the tokens are the text again.
struct SQLTokens: Sequence {
  enum Kind { case word, argument, other }
  struct Token {
    let kind: Kind
    let text: Substring
  }

  private let text: String

  init(_ text: String) { self.text = text }

  func makeIterator() -> AnyIterator<Token> {
    var rest = text[...]
    return AnyIterator {
      guard let first = rest.first else { return nil }
      let (kind, end) = Self.token(at: first, in: rest)
      defer { rest = rest[end...] }
      return Token(kind: kind, text: rest[..<end])
    }
  }

  private static func token(at first: Character, in text: Substring) -> (Kind, Substring.Index) {
    let next = text.index(after: text.startIndex)
    switch first {
    case "?": return (.argument, next)
    case "'", "\"": return (.other, text[next...].firstIndex(of: first).map(text.index(after:)) ?? text.endIndex)
    case "-" where text.hasPrefix("--"): return (.other, text.firstIndex(where: \.isNewline) ?? text.endIndex)
    case "/" where text.hasPrefix("/*"): return (.other, text.firstRange(of: "*/")?.upperBound ?? text.endIndex)
    case _ where isWord(first): return (.word, text.firstIndex { !isWord($0) } ?? text.endIndex)
    default: return (.other, next)
    }
  }

  private static func isWord(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }
}
