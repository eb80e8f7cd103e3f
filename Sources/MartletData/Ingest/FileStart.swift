import Foundation
import MartletCore

/// The first bytes of a delivered file: enough to tell what it is, and to read its header.
struct FileStart {
  private let bytes: [UInt8]
  let isGzip: Bool
  let isParquet: Bool
  private let delimiter: UInt8

  static let empty = MartletError.invalidInput("the file is empty", fix: "deliver a file with at least one row")

  init(_ path: String) throws {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw MartletError.notFound("the delivered file is not there")
    }
    defer { try? file.close() }
    bytes = Array(try file.read(upToCount: 1 << 20) ?? Data())
    guard !bytes.isEmpty else { throw Self.empty }
    isGzip = bytes.starts(with: [0x1F, 0x8B])
    isParquet = bytes.starts(with: "PAR1".utf8)
    delimiter = CSVText.delimiter(of: bytes)
  }

  /// The first line of a compressed file, once it is unpacked.
  init(unpackedLine line: String) {
    bytes = Array(line.utf8)
    isGzip = true
    isParquet = false
    delimiter = CSVText.delimiter(of: bytes)
  }

  var delimiterText: String { String(UnicodeScalar(delimiter)) }

  /// The names on the first line of a CSV file; they must be there, and differ.
  func header() throws -> [String] {
    if isParquet || bytes.prefix(4096).contains(0) {
      throw MartletError.invalidInput("the file is not CSV text", fix: "deliver CSV, or say which format it is")
    }
    var reader = CSVText(bytes, delimiter: delimiter)
    guard let names = try reader.next() else { throw Self.empty }
    if let index = names.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
      throw MartletError.invalidInput(
        "column \(index + 1) of the header has no name", fix: "name every column on the first line")
    }
    var seen: Set<String> = []
    for name in names where !seen.insert(name.lowercased()).inserted {
      throw MartletError.invalidInput(
        "the header names the column '\(name.prefix(60))' twice", fix: "give every column its own name")
    }
    return names
  }
}
