/// Code, emphasis and links inside a block of Markdown, as HTML; everything else is escaped text.
///
/// It goes through the text once. Where the next of each sign stands is kept, and looked for only behind the place that
/// was looked at last: the work grows with the text and no faster, however many signs end nothing.
struct InlineMarkdown {
  private enum Sign: Int, CaseIterable {
    case backtick, star, twoStars, labelEnd, parenthesis, space, newline
  }

  private let text: [UInt8]
  private var html = ""
  /// Up to here it is written.
  private var written = 0
  /// Where each sign stands next, as far as it was looked for.
  private var places = Array(repeating: -1, count: Sign.allCases.count)

  static func html(_ text: some StringProtocol) -> String {
    var markdown = InlineMarkdown(text: Array(text.utf8))
    markdown.read()
    return markdown.html
  }

  private init(text: [UInt8]) { self.text = text }

  private mutating func read() {
    var position = 0
    while position < text.count {
      guard let piece = piece(at: position) else {
        position += 1
        continue
      }
      write(upTo: position)
      html += piece.html
      position = piece.end
      written = piece.end
    }
    write(upTo: text.count)
  }

  private typealias Piece = (html: String, end: Int)

  /// What begins at a sign; nil where it begins nothing.
  private mutating func piece(at start: Int) -> Piece? {
    switch text[start] {
    case UInt8(ascii: "`"): span("code", from: start, sign: .backtick, length: 1)
    case UInt8(ascii: "*"): emphasis(at: start)
    case UInt8(ascii: "["): link(at: start)
    default: nil
    }
  }

  private mutating func emphasis(at start: Int) -> Piece? {
    if isThere(.twoStars, at: start), !isSpace(at: start + 2),
      let strong = span("strong", from: start, sign: .twoStars, length: 2)
    {
      return strong
    }
    return isSpace(at: start + 1) ? nil : span("em", from: start, sign: .star, length: 1)
  }

  /// What stands between a sign and the next one like it.
  private mutating func span(_ element: String, from start: Int, sign: Sign, length: Int) -> Piece? {
    guard let end = end(sign, from: start + length) else { return nil }
    return ("<\(element)>\(escaped(start + length..<end))</\(element)>", end + length)
  }

  /// `[text](https://…)`; other schemes stay text.
  private mutating func link(at start: Int) -> Piece? {
    guard let label = end(.labelEnd, from: start + 1), let end = end(.parenthesis, from: label + 2),
      place(of: .space, from: label + 2) > end, isWeb(label + 2..<end)
    else { return nil }
    let address = escaped(label + 2..<end)
    let shown = escaped(start + 1..<label)
    return (#"<a href="\#(address)" rel="noopener noreferrer nofollow">\#(shown)</a>"#, end + 1)
  }

  private func isWeb(_ range: Range<Int>) -> Bool {
    let scheme = String(decoding: text[range].prefix(8), as: UTF8.self).lowercased()
    return scheme == "https://" || scheme.hasPrefix("http://")
  }

  // MARK: Looking ahead

  /// Where a sign ends what begins at `start`: on the same line, with something before it.
  private mutating func end(_ sign: Sign, from start: Int) -> Int? {
    let place = place(of: sign, from: start)
    return place > start && place < self.place(of: .newline, from: start) ? place : nil
  }

  /// The first place of a sign from `start` on, or the text's end. No start lies before the one asked for last.
  private mutating func place(of sign: Sign, from start: Int) -> Int {
    var place = places[sign.rawValue]
    guard place < start else { return place }
    place = start
    while place < text.count, !isThere(sign, at: place) { place += 1 }
    places[sign.rawValue] = place
    return place
  }

  private func isThere(_ sign: Sign, at place: Int) -> Bool {
    switch sign {
    case .backtick: text[place] == UInt8(ascii: "`")
    case .star: text[place] == UInt8(ascii: "*")
    case .twoStars: text[place] == UInt8(ascii: "*") && isNext(UInt8(ascii: "*"), behind: place)
    case .labelEnd: text[place] == UInt8(ascii: "]") && isNext(UInt8(ascii: "("), behind: place)
    case .parenthesis: text[place] == UInt8(ascii: ")")
    case .space: isSpace(at: place)
    case .newline: text[place] == UInt8(ascii: "\n")
    }
  }

  private func isNext(_ byte: UInt8, behind place: Int) -> Bool { place + 1 < text.count && text[place + 1] == byte }

  /// A space, a tab or the end of a line.
  private func isSpace(at place: Int) -> Bool {
    place < text.count && (text[place] == 0x20 || (0x09...0x0D).contains(text[place]))
  }

  // MARK: Writing

  private mutating func write(upTo end: Int) { if written < end { html += escaped(written..<end) } }

  private func escaped(_ range: Range<Int>) -> String {
    MartletWeb.escaped(String(decoding: text[range], as: UTF8.self))
  }
}
