/// CRC-32 as in zip and Ethernet (IEEE 802.3, reflected, polynomial EDB88320), eight bytes at a time ("slicing-by-8",
/// Kounavis and Berry 2008).
package enum CRC32 {
  /// Eight tables of 256: table k holds the sums of a byte that k zero bytes follow.
  private static let tables: [UInt32] = {
    var tables: [UInt32] = (0..<256).map(remainder)
    for place in 256..<2048 {
      let before = tables[place - 256]
      tables.append(before >> 8 ^ tables[Int(before & 0xFF)])
    }
    return tables
  }()

  private static func remainder(of byte: Int) -> UInt32 {
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
  }

  package static func of(_ bytes: some Collection<UInt8>) -> UInt32 {
    bytes.withContiguousStorageIfAvailable { sum($0) } ?? Array(bytes).withUnsafeBufferPointer { sum($0) }
  }

  private static func sum(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
    tables.withUnsafeBufferPointer { tables in
      var sum = UInt32.max
      var at = 0
      while at + 8 <= bytes.count {
        let first = sum ^ word(bytes, at)
        let second = word(bytes, at + 4)
        var next: UInt32 = 0
        for place in 0..<4 {
          let shift = UInt32(8 * place)
          next ^= tables[(7 - place) << 8 | Int(first >> shift & 0xFF)]
          next ^= tables[(3 - place) << 8 | Int(second >> shift & 0xFF)]
        }
        sum = next
        at += 8
      }
      while at < bytes.count {
        sum = tables[Int((sum ^ UInt32(bytes[at])) & 0xFF)] ^ (sum >> 8)
        at += 1
      }
      return ~sum
    }
  }

  private static func word(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) -> UInt32 {
    UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24
  }
}
