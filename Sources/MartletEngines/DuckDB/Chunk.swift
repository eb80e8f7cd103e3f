/// One vector of a DuckDB chunk in memory that DuckDB owns.
struct Chunk {
  let data: UnsafeMutableRawPointer
  /// One bit per row, set where there is a value; nil when all rows have one.
  let validity: UnsafeMutablePointer<UInt64>?
  let count: Int

  private func isValid(_ row: Int) -> Bool {
    guard let validity else { return true }
    return validity[row >> 6] & (1 << UInt64(row & 63)) != 0
  }

  @inline(__always)
  func forEach<Stored>(of type: Stored.Type, _ body: (Stored?) -> Void) {
    let stored = data.assumingMemoryBound(to: Stored.self)
    if validity == nil {
      for row in 0..<count { body(stored[row]) }
    } else {
      for row in 0..<count { body(isValid(row) ? stored[row] : nil) }
    }
  }

  /// DuckDB's strings take 16 bytes: a 32-bit length, then up to 12 bytes in place, or 4 bytes of prefix and a pointer.
  func forEachText(_ body: (String?) -> Void) {
    for row in 0..<count {
      guard isValid(row) else {
        body(nil)
        continue
      }
      let string = data + row * 16
      let length = Int(string.load(as: UInt32.self))
      let bytes = length <= 12 ? UnsafeRawPointer(string + 4) : (string + 8).load(as: UnsafeRawPointer.self)
      body(String(decoding: UnsafeRawBufferPointer(start: bytes, count: length), as: UTF8.self))
    }
  }
}
