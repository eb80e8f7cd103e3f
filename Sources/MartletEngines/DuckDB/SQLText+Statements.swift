extension SQLText {
  /// The statements of a text, without the semicolons between them and without trailing comments; a semicolon in a
  /// string, a quoted name, a dollar-quoted string or a comment separates nothing.
  package static func statements(in text: String) -> [String] {
    var scanner = StatementScanner(Array(text.utf8))
    var statements: [String] = []
    while let statement = scanner.next() { statements.append(statement) }
    return statements
  }
}

private struct StatementScanner {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next statement that is more than white space and comments.
  mutating func next() -> String? {
    while position < bytes.count {
      let start = position
      var end = start
      while position < bytes.count, bytes[position] != UInt8(ascii: ";") {
        if skipComment() { continue }
        let isSpace = bytes[position] == 0x20 || (9...13).contains(bytes[position])
        skipToken()
        if !isSpace { end = position }
      }
      position += 1
      if end > start { return String(decoding: bytes[start..<end], as: UTF8.self) }
    }
    return nil
  }

  private func starts(_ mark: StaticString) -> Bool {
    mark.withUTF8Buffer {
      position + $0.count <= bytes.count && bytes[position..<position + $0.count].elementsEqual($0)
    }
  }

  private mutating func skipComment() -> Bool {
    if starts("--") {
      while position < bytes.count, bytes[position] != 0x0A { position += 1 }
      return true
    }
    guard starts("/*") else { return false }
    position += 2
    while position < bytes.count, !starts("*/") { position += 1 }
    position = min(position + 2, bytes.count)
    return true
  }

  /// One byte, or a whole quoted piece.
  private mutating func skipToken() {
    let first = bytes[position]
    if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") {
      position += 1
      while position < bytes.count, bytes[position] != first { position += 1 }
      position = min(position + 1, bytes.count)
    } else if starts("$$") {
      position += 2
      while position < bytes.count, !starts("$$") { position += 1 }
      position = min(position + 2, bytes.count)
    } else {
      position += 1
    }
  }
}
