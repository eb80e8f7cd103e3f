import MartletCore

/// Makes single-row `dataframe_split` bodies of CSV lines.
///
/// A column is sent as numbers when every value of the whole file is one as JSON writes them, else as text.
struct RequestBodies: Sendable {
  private let head: [UInt8]
  private let isNumber: [Bool]

  /// Reads the whole file once to learn what its columns hold. Blocks.
  init(path: String, timeColumn: String) throws {
    let stream = try CSVStream(path: path, timeColumn: timeColumn)
    var isNumber = [Bool](repeating: true, count: stream.columns.count)
    let end = Timestamp(milliseconds: .max)
    while let line = try stream.next(before: end)?.line {
      for position in isNumber.indices where isNumber[position] {
        if let text = line.text(position), !Self.isNumber(text) { isNumber[position] = false }
      }
    }
    self.isNumber = isNumber
    var head = Array("{\"dataframe_split\":{\"columns\":[".utf8)
    for (position, column) in stream.columns.enumerated() {
      if position > 0 { head.append(UInt8(ascii: ",")) }
      JSON.write(column, into: &head)
    }
    head.append(contentsOf: "],\"data\":[[".utf8)
    self.head = head
  }

  /// Whether the text is a number as JSON writes them: `9E` and `007` are not.
  static func isNumber(_ text: String) -> Bool {
    switch try? JSON.parse(text) {
    case .integer, .double: true
    default: false
    }
  }

  func body(_ line: CSVLine) -> [UInt8] {
    var body = head
    for position in isNumber.indices {
      if position > 0 { body.append(UInt8(ascii: ",")) }
      guard let text = line.text(position) else {
        body.append(contentsOf: "null".utf8)
        continue
      }
      if isNumber[position] { body.append(contentsOf: text.utf8) } else { JSON.write(text, into: &body) }
    }
    body.append(contentsOf: "]]}}".utf8)
    return body
  }
}
