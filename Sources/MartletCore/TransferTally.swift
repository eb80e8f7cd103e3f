/// How much there is of each kind, and a checksum of it that does not depend on the order: what two servers compare
/// after an import.
///
/// A checksum is the sum, modulo 2^64, of every record's `RecordHash`; a record that is missing, twice there or different
/// changes it.
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
    var hash = RecordHash()
    for field in fields { hash.add(field) }
    add(kind, count: 1, checksum: hash.value)
  }

  /// Counts records whose hashes add up to this.
  package mutating func add(_ kind: String, count: Int64, checksum: UInt64) {
    var line = lines[kind] ?? Line()
    line.count += count
    line.checksum &+= checksum
    lines[kind] = line
  }

  package mutating func add(_ other: TransferTally) {
    for (kind, line) in other.lines { add(kind, count: line.count, checksum: line.checksum) }
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

/// A 64-bit hash of a record's fields, in their order: FNV-1a over texts, one round of multiplying and shifting for each
/// number, and a finishing mix.
package struct RecordHash: Sendable {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  package init() {}

  /// Nothing, an empty text and two texts that only together are the same are told apart.
  package mutating func add(_ field: String?) {
    mix(field == nil ? 0 : 1)
    var text = field ?? ""
    state = text.withUTF8 { Self.mixed($0, into: state) }
    mix(0xFF)
  }

  package mutating func add(_ number: UInt64) {
    state = (state ^ number) &* 0x9E37_79B9_7F4A_7C15
    state ^= state >> 32
  }

  package var value: UInt64 {
    var hash = state
    hash ^= hash >> 33
    hash = hash &* 0xFF51_AFD7_ED55_8CCD
    return hash ^ hash >> 33
  }

  private mutating func mix(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* Self.prime }

  private static let prime: UInt64 = 0x100_0000_01B3

  private static func mixed(_ bytes: UnsafeBufferPointer<UInt8>, into state: UInt64) -> UInt64 {
    let prime = prime
    var (state, index) = (state, 0)
    // Plain counting: every record of a transfer passes here, byte by byte.
    while index < bytes.count {
      state = (state ^ UInt64(bytes[index])) &* prime
      index += 1
    }
    return state
  }
}
