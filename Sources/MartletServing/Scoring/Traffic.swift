/// Which variant answers a row: always the same one for the same prediction id and shares.
///
/// A growing share only adds ids to a challenger, it never moves one away.
struct Traffic: Sendable {
  private struct Slice: Sendable {
    /// Hashes below this (and not below the slice before) belong to the variant.
    var end: UInt64
    var variant: Int
  }

  private let salt: UInt64
  private let slices: [Slice]
  private let champion: Int

  /// `challengers` are positions of variants with their shares, in a fixed order.
  init(endpoint: String, challengers: [(variant: Int, share: Double)], champion: Int) {
    salt = StableHash.of(endpoint)
    self.champion = champion
    var sum = 0.0
    slices = challengers.map { variant, share in
      sum += share
      return Slice(end: StableHash.fraction(min(sum, 1)), variant: variant)
    }
  }

  func variant(for id: String) -> Int {
    guard !slices.isEmpty else { return champion }
    let hash = StableHash.of(id, salt: salt)
    return slices.first { hash < $0.end || $0.end == .max }?.variant ?? champion
  }
}

/// A hash that is the same in every process: FNV-1a with MurmurHash3's finaliser.
enum StableHash {
  static func of(_ text: String, salt: UInt64 = 0) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ salt
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return finish(hash)
  }

  private static func finish(_ value: UInt64) -> UInt64 {
    var hash = value
    hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
    hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
    return hash ^ (hash >> 33)
  }

  /// The hash below which the share 0…1 of all hashes lies; `UInt64.max` for all of them.
  static func fraction(_ share: Double) -> UInt64 {
    share >= 1 ? .max : UInt64(max(share, 0) * 0x1p64)
  }
}
