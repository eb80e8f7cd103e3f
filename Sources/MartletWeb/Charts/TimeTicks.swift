import MartletCore

/// Round instants for the axis of a chart: hours, days or months, whichever gives four to nine.
enum TimeTicks {
  private static let hour = 3_600_000.0
  private static let steps: [Double] = [1, 6, 24, 48, 7 * 24, 14 * 24].map { $0 * hour }

  /// - Parameters: milliseconds since 1970.
  static func ticks(from low: Double, to high: Double) -> [(Double, String)] {
    guard high > low, high - low < 1e14, abs(low) < 1e15 else { return [] }
    if high - low > 80 * 24 * hour { return months(low, high) }
    let step = steps.first { (high - low) / $0 <= 7 } ?? steps[steps.count - 1]
    var ticks: [(Double, String)] = []
    var tick = (low / step).rounded(.up) * step
    while tick <= high {
      let time = Timestamp(milliseconds: Int64(tick))
      ticks.append((tick, step < 24 * hour ? String(shortTime(time).dropFirst(5)) : time.day))
      tick += step
    }
    return ticks
  }

  /// The first of each month, or of every second, third … where there are many.
  private static func months(_ low: Double, _ high: Double) -> [(Double, String)] {
    let (first, last) = (Timestamp(milliseconds: Int64(low)).date, Timestamp(milliseconds: Int64(high)).date)
    let start = first.year * 12 + first.month - 1
    let count = last.year * 12 + last.month - 1 - start + 1
    let stride = [1, 2, 3, 6, 12, 24, 60].first { count / $0 <= 9 } ?? 120
    return (start..<start + count).filter { $0 % stride == 0 }.compactMap { month in
      let time = Timestamp(year: month / 12, month: month % 12 + 1, day: 1)
      let place = Double(time.milliseconds)
      return place >= low && place <= high ? (place, String(time.day.prefix(7))) : nil
    }
  }
}
