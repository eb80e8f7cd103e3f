/// Looks at the text before it is parsed: nesting and aliases that could cost the parser its stack or its time.
enum YAMLBounds {
  /// False, with the reason added to `problems`, when the text goes beyond the bounds.
  static func check(_ text: String, problems: FileProblems) -> Bool {
    var scan = Scan()
    for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      scan.read(line)
      if let objection = scan.objection {
        problems.add(SourcePosition(line: scan.line, column: 1), objection)
        return false
      }
    }
    return true
  }

  private struct Scan {
    var line = 0
    var objection: String?
    private var indents: [Int] = []
    private var brackets = 0
    private var anchors = 0
    private var aliases = 0
    private var complexKeys = false

    mutating func read(_ bytes: Substring.UTF8View.SubSequence) {
      line += 1
      readIndent(bytes)
      var previous = UInt8(ascii: " ")
      var closed = false
      var iterator = bytes.makeIterator()
      var current = iterator.next()
      while let byte = current {
        let next = iterator.next()
        readByte(byte, previous: previous, next: next, closed: closed)
        closed = byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") || (closed && byte == UInt8(ascii: " "))
        previous = byte
        current = next
      }
      judge()
    }

    private mutating func readIndent(_ bytes: Substring.UTF8View.SubSequence) {
      let markers: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "?")]
      let lead = bytes.prefix { markers.contains($0) }
      guard lead.count < bytes.count else { return }
      let dashes = lead.filter { $0 != UInt8(ascii: " ") }.count
      while let last = indents.last, last >= lead.count { indents.removeLast() }
      indents.append(lead.count)
      if dashes > YAMLDocument.maximumDepth || indents.count > 4 * YAMLDocument.maximumDepth {
        objection = "values are nested more than \(YAMLDocument.maximumDepth) deep"
      }
    }

    private mutating func readByte(_ byte: UInt8, previous: UInt8, next: UInt8?, closed: Bool) {
      switch byte {
      case UInt8(ascii: "["), UInt8(ascii: "{"): brackets += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): brackets = max(0, brackets - 1)
      case UInt8(ascii: ":") where closed: complexKeys = true
      case UInt8(ascii: "?") where Scan.opens(previous) && (next == nil || next == UInt8(ascii: " ")):
        complexKeys = true
      case UInt8(ascii: "&") where Scan.opens(previous) && next.map(Scan.isWord) == true: anchors += 1
      case UInt8(ascii: "*") where Scan.opens(previous) && next.map(Scan.isWord) == true: aliases += 1
      default: break
      }
    }

    private mutating func judge() {
      if brackets > 4 * YAMLDocument.maximumDepth {
        objection = "brackets are nested more than \(YAMLDocument.maximumDepth) deep"
      } else if anchors > 0, aliases > YAMLDocument.maximumAliases {
        objection = "the file uses more than \(YAMLDocument.maximumAliases) aliases"
      } else if anchors > 0, aliases > 0, complexKeys {
        objection = "a list or mapping as a key, in a file that uses aliases"
      }
    }

    private static func opens(_ byte: UInt8) -> Bool { " [{,:-?\t\r".utf8.contains(byte) }

    private static func isWord(_ byte: UInt8) -> Bool {
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
    }
  }
}
