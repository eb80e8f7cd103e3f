import MartletCore

extension Markdown {
  private static let signs: Set<Character> = ["`", "[", "*"]
  private static let mostMisses = 2000

  /// Code, emphasis and links inside a block.
  mutating func inline(_ text: Substring) -> String {
    var (html, rest) = ("", text)
    while !rest.isEmpty {
      let plain = rest.prefix { !Self.signs.contains($0) }
      html += escaped(String(plain))
      rest = rest[plain.endIndex...]
      guard let sign = rest.first else { break }
      if misses < Self.mostMisses, let (piece, length) = Self.code(rest) ?? Self.link(rest) ?? Self.emphasis(rest) {
        html += piece
        rest = rest.dropFirst(length)
      } else {
        misses += 1
        html += escaped(String(sign))
        rest = rest.dropFirst()
      }
    }
    return html
  }

  private typealias Piece = (html: String, length: Int)

  private static func code(_ text: Substring) -> Piece? {
    guard text.hasPrefix("`"), let body = body(text.dropFirst(), until: "`") else { return nil }
    return ("<code>\(escaped(String(body)))</code>", body.count + 2)
  }

  private static func emphasis(_ text: Substring) -> Piece? {
    for (sign, element) in [("**", "strong"), ("*", "em")] {
      guard text.hasPrefix(sign), let body = body(text.dropFirst(sign.count), until: sign),
        body.first?.isWhitespace == false
      else { continue }
      return ("<\(element)>\(escaped(String(body)))</\(element)>", body.count + 2 * sign.count)
    }
    return nil
  }

  /// `[text](https://…)`; other schemes stay text.
  private static func link(_ text: Substring) -> Piece? {
    guard text.hasPrefix("["), let label = body(text.dropFirst(), until: "](") else { return nil }
    let rest = text.dropFirst(label.count + 3)
    guard let address = body(rest, until: ")"), !address.contains(where: \.isWhitespace),
      ["https://", "http://"].contains(where: address.lowercased().hasPrefix)
    else { return nil }
    let html =
      #"<a href="\#(escaped(String(address)))" rel="noopener noreferrer nofollow">\#(escaped(String(label)))</a>"#
    return (html, label.count + address.count + 4)
  }

  /// What stands before the next `end`, on the same line and within reach; nil when there is none.
  private static func body(_ text: Substring, until end: String) -> Substring? {
    let reach = text.prefix(2000).prefix { $0 != "\n" }
    guard let found = reach.firstRange(of: end), found.lowerBound > reach.startIndex else { return nil }
    return reach[..<found.lowerBound]
  }
}
