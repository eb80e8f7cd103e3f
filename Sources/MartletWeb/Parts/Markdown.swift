/// The plain part of Markdown as HTML: headings, paragraphs, lists, quotes, code, emphasis, links to web addresses.
/// Everything is escaped first, so that no HTML of the author's comes through.
struct Markdown {
  private var lines: ArraySlice<Substring>
  private var html = ""
  /// Headings go on from the page's own, without leaving a level out.
  private var level = 1

  private init(_ text: String) {
    lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)[...]
  }

  static func html(_ text: String) -> String {
    var markdown = Markdown(text)
    while let line = markdown.lines.first { markdown.block(line) }
    return markdown.html
  }

  private mutating func block(_ line: Substring) {
    let plain = line.drop { $0 == " " }
    if plain.allSatisfy(\.isWhitespace) {
      lines.removeFirst()
    } else if plain.hasPrefix("```") || plain.hasPrefix("~~~") {
      code(fence: plain.prefix(3))
    } else if let heading = Self.heading(plain) {
      lines.removeFirst()
      level = min(max(2, heading.level + 1), min(level + 1, 6))
      html += "<h\(level)>\(InlineMarkdown.html(heading.text))</h\(level)>\n"
    } else if plain.count >= 3, Set(plain) == ["-"] || Set(plain) == ["*"] {
      lines.removeFirst()
      html += "<hr>\n"
    } else if plain.hasPrefix(">") {
      quote()
    } else if Self.item(plain) != nil {
      list(isOrdered: plain.first?.isNumber ?? false)
    } else {
      paragraph()
    }
  }

  private mutating func code(fence: Substring) {
    lines.removeFirst()
    let body = lines.prefix { !$0.drop { $0 == " " }.hasPrefix(fence) }
    lines = lines.dropFirst(body.count + 1)
    html += "<pre tabindex=\"0\">\(escaped(body.joined(separator: "\n")))</pre>\n"
  }

  private mutating func quote() {
    let body = lines.prefix { $0.drop { $0 == " " }.hasPrefix(">") }
    lines = lines.dropFirst(body.count)
    let text = body.map { $0.drop { $0 == " " || $0 == ">" } }.joined(separator: " ")
    html += "<blockquote><p>\(InlineMarkdown.html(text))</p></blockquote>\n"
  }

  private mutating func list(isOrdered: Bool) {
    html += isOrdered ? "<ol>" : "<ul>"
    while let line = lines.first, let text = Self.item(line.drop { $0 == " " }) {
      lines.removeFirst()
      html += "<li>\(InlineMarkdown.html(text))</li>"
    }
    html += isOrdered ? "</ol>\n" : "</ul>\n"
  }

  private mutating func paragraph() {
    var text: [String] = []
    while let line = lines.first, Self.isText(line) || text.isEmpty {
      lines.removeFirst()
      text.append(String(line))
    }
    html += "<p>\(InlineMarkdown.html(text.joined(separator: "\n")))</p>\n"
  }

  private static func isText(_ line: Substring) -> Bool {
    let plain = line.drop { $0 == " " }
    return !plain.allSatisfy(\.isWhitespace) && heading(plain) == nil && item(plain) == nil
      && !["```", "~~~", ">"].contains(where: plain.hasPrefix)
  }

  private static func heading(_ line: Substring) -> (level: Int, text: Substring)? {
    let signs = line.prefix { $0 == "#" }
    let rest = line.dropFirst(signs.count)
    guard (1...6).contains(signs.count), rest.first == " " else { return nil }
    return (signs.count, rest.drop { $0 == " " })
  }

  /// The text of a list's item.
  private static func item(_ line: Substring) -> Substring? {
    if let sign = line.first, "-*+".contains(sign), line.dropFirst().first == " " { return line.dropFirst(2) }
    let digits = line.prefix { $0.isASCII && $0.isNumber }
    let rest = line.dropFirst(digits.count)
    guard (1...4).contains(digits.count), rest.hasPrefix(". ") else { return nil }
    return rest.dropFirst(2)
  }
}
