import MartletCore

/// A small reader of CSV (RFC 4180) for what is not worth an engine: header lines, and rows pushed by hand.
struct CSVText {
  static let delimiters: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"), UInt8(ascii: "|")]

  private let bytes: [UInt8]
  private let delimiter: UInt8
  private var position = 0
  /// The line, counted from 1, on which the next record starts.
  private(set) var line = 1

  init(_ bytes: [UInt8], delimiter: UInt8) {
    self.bytes = bytes
    self.delimiter = delimiter
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// The delimiter that stands most often on the first line, outside of quotes.
  static func delimiter(of bytes: [UInt8]) -> UInt8 {
    var counts: [UInt8: Int] = [:]
    var quoted = false
    for byte in bytes {
      if byte == UInt8(ascii: "\"") { quoted.toggle() }
      if byte == UInt8(ascii: "\n"), !quoted { break }
      if !quoted, delimiters.contains(byte) { counts[byte, default: 0] += 1 }
    }
    return delimiters.max { counts[$0, default: 0] < counts[$1, default: 0] } ?? delimiters[0]
  }

  /// The next record, nil at the end; empty lines are passed over.
  mutating func next() throws -> [String]? {
    skipEmptyLines()
    guard position < bytes.count else { return nil }
    let start = line
    var fields: [String] = []
    while true {
      fields.append(try field(recordLine: start))
      guard position < bytes.count else { return fields }
      let byte = bytes[position]
      position += 1
      if byte == delimiter { continue }
      if byte == UInt8(ascii: "\r"), position < bytes.count, bytes[position] == UInt8(ascii: "\n") { position += 1 }
      line += 1
      return fields
    }
  }

  private mutating func skipEmptyLines() {
    while position < bytes.count, bytes[position] == UInt8(ascii: "\n") || bytes[position] == UInt8(ascii: "\r") {
      if bytes[position] == UInt8(ascii: "\n") { line += 1 }
      position += 1
    }
  }

  private func isEnd(_ byte: UInt8) -> Bool {
    byte == delimiter || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
  }

  private mutating func field(recordLine: Int) throws -> String {
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
      let start = position
      while position < bytes.count, !isEnd(bytes[position]) { position += 1 }
      return try text(bytes[start..<position], recordLine)
    }
    position += 1
    var content: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
          guard position == bytes.count || isEnd(bytes[position]) else {
            throw MartletError.invalidInput("line \(recordLine) has text after a closing quote")
          }
          return try text(content[...], recordLine)
        }
        position += 1
      } else if byte == UInt8(ascii: "\n") {
        line += 1
      }
      content.append(byte)
    }
    throw MartletError.invalidInput("line \(recordLine) opens a quote that is never closed")
  }

  private func text(_ slice: ArraySlice<UInt8>, _ recordLine: Int) throws -> String {
    guard let text = String(validating: slice, as: UTF8.self) else {
      throw MartletError.invalidInput("line \(recordLine) is not UTF-8 text", fix: "save the file as UTF-8")
    }
    return text
  }

  /// One field, quoted where it must be.
  static func write(_ text: String, into output: inout [UInt8]) {
    let needsQuotes = text.isEmpty || text.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
    guard needsQuotes else {
      output.append(contentsOf: text.utf8)
      return
    }
    output.append(0x22)
    for byte in text.utf8 {
      if byte == 0x22 { output.append(0x22) }
      output.append(byte)
    }
    output.append(0x22)
  }
}
