/// Finds a column's position by the bytes of its name, without making a string.
struct NameTable: Sendable {
  private let names: [[UInt8]]
  /// Positions + 1, at the name's hash; 0 is empty. The size is a power of two, at most half full.
  private let slots: [Int32]

  init(_ names: [String]) {
    self.names = names.map { Array($0.utf8) }
    var size = 8
    while size < names.count * 2 { size *= 2 }
    var slots = [Int32](repeating: 0, count: size)
    for (position, name) in self.names.enumerated() {
      var at = Int(truncatingIfNeeded: Self.hash(name, 0..<name.count)) & (size - 1)
      while slots[at] != 0 { at = (at + 1) & (size - 1) }
      slots[at] = Int32(position + 1)
    }
    self.slots = slots
  }

  /// The position of the name that stands at `range` of `bytes`; -1 when there is none.
  func position(of bytes: [UInt8], _ range: Range<Int>) -> Int {
    let mask = slots.count - 1
    var at = Int(truncatingIfNeeded: Self.hash(bytes, range)) & mask
    while slots[at] != 0 {
      let position = Int(slots[at]) - 1
      if equal(names[position], bytes, range) { return position }
      at = (at + 1) & mask
    }
    return -1
  }

  func position(of name: String) -> Int {
    let bytes = Array(name.utf8)
    return position(of: bytes, 0..<bytes.count)
  }

  private func equal(_ name: [UInt8], _ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    guard name.count == range.count else { return false }
    for offset in 0..<name.count where name[offset] != bytes[range.lowerBound + offset] { return false }
    return true
  }

  /// FNV-1a.
  private static func hash(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for at in range { hash = (hash ^ UInt64(bytes[at])) &* 0x100_0000_01b3 }
    return hash ^ (hash >> 32)
  }
}
