/// xoshiro256++ 1.0 (Blackman and Vigna, 2019), its state filled by SplitMix64 from one seed: the same seed gives the
/// same numbers on every machine.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var a: UInt64
  private var b: UInt64
  private var c: UInt64
  private var d: UInt64

  package init(seed: UInt64) {
    var state = seed
    func splitMix() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    (a, b, c, d) = (splitMix(), splitMix(), splitMix(), splitMix())
  }

  /// An independent stream, such as one for each resample or trial.
  package init(seed: UInt64, stream: UInt64) {
    self.init(seed: seed ^ ((stream &+ 1) &* 0xD134_2543_DE82_EF95))
  }

  @inline(__always)
  package mutating func next() -> UInt64 {
    let sum = a &+ d
    let result = ((sum << 23) | (sum >> 41)) &+ a
    let shifted = b << 17
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 45) | (d >> 19)
    return result
  }

  /// A number in [0, 1) with 53 random bits.
  package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number in [low, high).
  package mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

  /// A draw from the standard normal distribution, by inversion.
  package mutating func normal() -> Double { NormalDistribution.quantile(uniform() + 0x1p-54) }

  /// A whole number in 0..<count; the bias of the multiply-shift method is below count/2⁶⁴.
  package mutating func index(below count: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(count)).high)
  }
}
