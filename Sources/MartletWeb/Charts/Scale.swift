/// Maps a range of values onto a range of pixels.
struct Scale {
  let low: Double
  let high: Double
  let from: Double
  let to: Double

  init(_ values: some Sequence<Double>, from: Double, to: Double, includesZero: Bool = false) {
    var low = includesZero ? 0 : Double.infinity
    var high = includesZero ? 0 : -Double.infinity
    for value in values where value.isFinite {
      low = min(low, Self.bounded(value))
      high = max(high, Self.bounded(value))
    }
    if low > high { (low, high) = (0, 1) }
    // A level line stands in the middle of a narrow range around it.
    let margin = max(abs(low) * 0.05, 1e-9)
    if low == high { (low, high) = low == 0 ? (-0.5, 0.5) : (low - margin, high + margin) }
    self.low = low
    self.high = high
    self.from = from
    self.to = to
  }

  func callAsFunction(_ value: Double) -> Double {
    from + (Self.bounded(value) - low) / (high - low) * (to - from)
  }

  /// At most half of what a number can be, so that the distance between two is a number too.
  private static func bounded(_ value: Double) -> Double {
    let most = Double.greatestFiniteMagnitude / 2
    return value > most ? most : value < -most ? -most : value
  }

  /// About `count` round numbers inside the range (Heckbert's nice numbers).
  func ticks(_ count: Int) -> [Double] {
    let rough = (high - low) / Double(max(1, count))
    var power: Double = 1
    while power * 10 <= rough { power *= 10 }
    while power > rough { power /= 10 }
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? power * 10
    // Multiples, not sums: 10 · 0.2 is 2, and five times 0.2 added to 1 is not.
    let first = (low / step).rounded(.up)
    let ticks = (0..<20).map { (first + Double($0)) * step }
    return ticks.prefix { $0 <= high + step * 1e-9 }.map { $0 == 0 ? 0 : $0 }
  }
}

/// The number of the colour of a chart's line, by its position; there are eight, and the ninth is the first again.
func seriesColor(_ index: Int) -> Int { index % 8 + 1 }

/// Pixels to at most two decimals.
func px(_ value: Double) -> String { fixed(value, decimals: 1) }
