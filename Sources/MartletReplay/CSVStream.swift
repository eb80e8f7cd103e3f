import Foundation
import MartletCore

/// Reads a CSV file line by line, in pieces of bounded size, and hands out the lines up to a time. Blocks; used by one
/// thread at a time.
///
/// Fields are those of RFC 4180, without line breaks inside quotes. Empty and `NA` fields are missing.
final class CSVStream {
  let columns: [String]
  let header: [UInt8]
  private let path: String
  private let handle: FileHandle
  private let timeColumn: Int
  private var buffer: [UInt8] = []
  private var position = 0
  private var isAtEnd = false
  private var lineNumber = 1
  private var pending: (time: Timestamp, line: CSVLine)?
  private var last: Timestamp?

  init(path: String, timeColumn: String) throws {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw MartletError.notFound("the file '\(path)' cannot be read", fix: "give its path relative to the replay file")
    }
    self.path = path
    self.handle = handle
    var reader = LineReader(handle: handle)
    guard let first = try reader.next() else { throw MartletError.invalidInput("the file '\(path)' is empty") }
    header = first
    columns = CSVLine(bytes: first).fields
    guard let position = columns.firstIndex(of: timeColumn) else {
      throw MartletError.invalidInput(
        "the file '\(path)' has no column '\(timeColumn)'\(didYouMean(timeColumn, among: columns))",
        fix: "its columns are: \(columns.prefix(30).joined(separator: ", "))")
    }
    self.timeColumn = position
    buffer = reader.buffer
    self.position = reader.position
    isAtEnd = reader.isAtEnd
  }

  deinit { try? handle.close() }

  func position(of column: String) throws -> Int {
    guard let position = columns.firstIndex(of: column) else {
      throw MartletError.invalidInput(
        "the file '\(path)' has no column '\(column)'\(didYouMean(column, among: columns))")
    }
    return position
  }

  /// Steps over everything before `time`.
  func skip(before time: Timestamp) throws {
    while try next(before: time) != nil {}
  }

  /// The lines before `time` that were not handed out yet, with their times.
  func take(before time: Timestamp) throws -> [(time: Timestamp, line: CSVLine)] {
    var lines: [(time: Timestamp, line: CSVLine)] = []
    while let next = try next(before: time) { lines.append(next) }
    return lines
  }

  /// The next line before `time`.
  func next(before time: Timestamp) throws -> (time: Timestamp, line: CSVLine)? {
    guard let next = try peek(), next.time < time else { return nil }
    pending = nil
    return next
  }

  private func peek() throws -> (time: Timestamp, line: CSVLine)? {
    if let pending { return pending }
    guard let bytes = try nextLine() else { return nil }
    let line = CSVLine(bytes: bytes)
    guard line.count == columns.count, let text = line.text(timeColumn), let time = Timestamp(text) else {
      throw MartletError.invalidInput(
        "line \(lineNumber) of '\(path)' does not have \(columns.count) fields with a time in '\(columns[timeColumn])'")
    }
    if let last, time < last {
      throw MartletError.invalidInput(
        "line \(lineNumber) of '\(path)' is earlier than the one before",
        fix: "sort the file by '\(columns[timeColumn])'")
    }
    last = time
    pending = (time, line)
    return pending
  }

  private func nextLine() throws -> [UInt8]? {
    var reader = LineReader(handle: handle, buffer: buffer, position: position, isAtEnd: isAtEnd)
    buffer = []
    defer {
      buffer = reader.buffer
      position = reader.position
      isAtEnd = reader.isAtEnd
    }
    while let line = try reader.next() {
      lineNumber += 1
      if !line.isEmpty { return line }
    }
    return nil
  }
}

/// Splits a file into lines, reading 256 KiB at a time.
private struct LineReader {
  let handle: FileHandle
  var buffer: [UInt8] = []
  var position = 0
  var isAtEnd = false

  mutating func next() throws -> [UInt8]? {
    var searched = position
    while true {
      if let end = buffer[searched...].firstIndex(of: 0x0A) {
        defer { position = end + 1 }
        return trimmed(position..<end)
      }
      searched = buffer.count
      guard !isAtEnd else { break }
      let before = position
      if position > 0 {
        buffer.removeFirst(position)
        searched -= before
        position = 0
      }
      let data = try handle.read(upToCount: 256 << 10) ?? Data()
      if data.isEmpty { isAtEnd = true } else { buffer.append(contentsOf: data) }
    }
    guard position < buffer.count else { return nil }
    defer { position = buffer.count }
    return trimmed(position..<buffer.count)
  }

  private func trimmed(_ range: Range<Int>) -> [UInt8] {
    let hasReturn = !range.isEmpty && buffer[range.upperBound - 1] == 0x0D
    return Array(buffer[hasReturn ? range.lowerBound..<range.upperBound - 1 : range])
  }
}

/// One line of a CSV file.
struct CSVLine: Sendable {
  let bytes: [UInt8]
  /// Where each field begins and ends, quotes included.
  private let ranges: [Range<Int>]

  init(bytes: [UInt8]) {
    self.bytes = bytes
    var ranges: [Range<Int>] = []
    var start = 0
    var isQuoted = false
    for (at, byte) in bytes.enumerated() {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if byte == UInt8(ascii: ","), !isQuoted {
        ranges.append(start..<at)
        start = at + 1
      }
    }
    ranges.append(start..<bytes.count)
    self.ranges = ranges
  }

  var count: Int { ranges.count }

  var fields: [String] { ranges.indices.map { text($0) ?? "" } }

  /// A field's text; nil when it is missing.
  func text(_ position: Int) -> String? {
    let range = ranges[position]
    if range.isEmpty { return nil }
    if bytes[range.lowerBound] == UInt8(ascii: "\"") {
      let inner = String(decoding: bytes[range].dropFirst().dropLast(), as: UTF8.self)
      return inner.replacing("\"\"", with: "\"")
    }
    let text = String(decoding: bytes[range], as: UTF8.self)
    return text == "NA" ? nil : text
  }
}
