import Foundation
import MartletCore

/// A segment file: records one after another, each its payload's length and CRC-32 (both UInt32, little-endian)
/// and the payload. A sealed segment ends in `.segment`, the one being written in `.open`.
package enum SegmentFormat {
  package static let sealedSuffix = ".segment"
  package static let openSuffix = ".open"
  static let headerBytes = 8
  /// A longer length is taken for damage.
  static let maxPayloadBytes = 4 << 20

  static func append(_ payload: some Collection<UInt8>, to output: inout [UInt8]) {
    appendInteger(UInt32(payload.count), to: &output)
    appendInteger(CRC32.of(payload), to: &output)
    output.append(contentsOf: payload)
  }

  private static func appendInteger(_ value: UInt32, to output: inout [UInt8]) {
    for shift in [0, 8, 16, 24] as [UInt32] { output.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  static func integer(_ bytes: [UInt8], at position: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[position + $1]) << UInt32(8 * $1) }
  }
}

/// Reads the records of a segment, and stops without an error where a crash tore its end off.
package struct SegmentReader {
  /// What reading found.
  package struct Outcome: Sendable, Hashable {
    /// Whole records.
    package var records: Int
    /// Bytes of whole records: what the file is cut to when it is recovered.
    package var goodBytes: Int
    /// Bytes after them.
    package var tornBytes: Int
  }

  private let path: String

  package init(path: String) { self.path = path }

  /// Hands each record's payload to `body`, in order.
  @discardableResult
  package func forEachRecord(_ body: (ArraySlice<UInt8>) throws -> Void) throws -> Outcome {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw MartletError.notFound("there is no prediction log segment '\(path)'")
    }
    defer { try? handle.close() }
    var buffer: [UInt8] = []
    var outcome = Outcome(records: 0, goodBytes: 0, tornBytes: 0)
    while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty {
      buffer.append(contentsOf: data)
      let (records, used, isDamaged) = try consume(buffer, body)
      outcome.records += records
      outcome.goodBytes += used
      buffer.removeFirst(used)
      if isDamaged { break }
    }
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? outcome.goodBytes
    outcome.tornBytes = size - outcome.goodBytes
    return outcome
  }

  private func consume(_ buffer: [UInt8], _ body: (ArraySlice<UInt8>) throws -> Void) throws
    -> (records: Int, used: Int, isDamaged: Bool)
  {
    var position = 0
    var records = 0
    while position + SegmentFormat.headerBytes <= buffer.count {
      let length = Int(SegmentFormat.integer(buffer, at: position))
      guard length > 0, length <= SegmentFormat.maxPayloadBytes else { return (records, position, true) }
      let start = position + SegmentFormat.headerBytes
      guard start + length <= buffer.count else { break }
      let payload = buffer[start..<start + length]
      guard CRC32.of(payload) == SegmentFormat.integer(buffer, at: position + 4) else {
        return (records, position, true)
      }
      try body(payload)
      records += 1
      position = start + length
    }
    return (records, position, false)
  }
}
