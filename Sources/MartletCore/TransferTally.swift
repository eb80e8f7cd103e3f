/// How much there is of each kind, and a checksum of it that does not depend on the order: what two servers compare
/// after an import.
///
/// A checksum is the sum, modulo 2^64, of a 64-bit hash (FNV-1a with a finishing mix) of every record's fields; a record
/// that is missing, twice there or different changes it.
package struct TransferTally: Sendable, Hashable {
  package struct Line: Sendable, Hashable {
    package var count: Int64 = 0
    package var checksum: UInt64 = 0

    package init(count: Int64 = 0, checksum: UInt64 = 0) {
      self.count = count
      self.checksum = checksum
    }
  }

  package private(set) var lines: [String: Line] = [:]

  package init() {}

  /// Counts one record of a kind, such as `param`, made of these fields.
  package mutating func add(_ kind: String, _ fields: String?...) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    for field in fields {
      // Nothing, an empty text and two texts that only together are the same are told apart.
      mix(field == nil ? 0 : 1)
      for byte in (field ?? "").utf8 { mix(byte) }
      mix(0xFF)
    }
    hash ^= hash >> 33
    hash = hash &* 0xFF51_AFD7_ED55_8CCD
    hash ^= hash >> 33
    lines[kind, default: Line()].count += 1
    lines[kind, default: Line()].checksum &+= hash
  }

  package mutating func add(_ other: TransferTally) {
    for (kind, line) in other.lines {
      lines[kind, default: Line()].count += line.count
      lines[kind, default: Line()].checksum &+= line.checksum
    }
  }

  /// `{"params": {"count": 3, "checksum": "00ff…"}}`
  package var json: JSON {
    .object(
      lines.mapValues { line in
        let digits = String(line.checksum, radix: 16)
        return [
          "count": .integer(line.count),
          "checksum": .string(String(repeating: "0", count: 16 - digits.count) + digits),
        ]
      })
  }

  /// Reads what `json` wrote.
  package init(_ json: JSON) {
    for (kind, line) in json.object ?? [:] {
      lines[kind] = Line(
        count: line["count"]?.integer ?? 0, checksum: UInt64(line["checksum"]?.string ?? "", radix: 16) ?? 0)
    }
  }
}
