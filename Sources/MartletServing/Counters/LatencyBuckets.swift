/// Buckets for durations in microseconds: exact below 16, then 16 for each power of two, so that a quantile is
/// never more than one sixteenth off (the scheme of HdrHistogram). The last one holds everything above a minute.
package enum LatencyBuckets {
  private static let bits = 4
  private static let perPower = 1 << bits
  private static let highestPower = 26

  /// How many there are.
  package static let count = (highestPower - bits + 1) * perPower

  package static func bucket(of microseconds: Int) -> Int {
    guard microseconds >= perPower else { return max(0, microseconds) }
    let power = Int.bitWidth - 1 - microseconds.leadingZeroBitCount
    guard power < highestPower else { return count - 1 }
    return (power - bits + 1) * perPower + (microseconds >> (power - bits)) - perPower
  }

  /// The largest number of microseconds that falls into the bucket.
  package static func upperBound(of bucket: Int) -> Int {
    guard bucket >= perPower else { return bucket }
    let power = bucket / perPower + bits - 1
    let offset = bucket % perPower + perPower + 1
    return offset << (power - bits) - 1
  }

  /// The smallest bound that at least the share `quantile` (0…1) of the counted values does not pass; nil when
  /// nothing was counted.
  package static func quantile(_ quantile: Double, of counts: [Int]) -> Int? {
    let total = counts.reduce(0, +)
    guard total > 0 else { return nil }
    let wanted = max(1, Int((quantile * Double(total)).rounded(.up)))
    var seen = 0
    for (bucket, count) in counts.enumerated() {
      seen += count
      if seen >= wanted { return upperBound(of: bucket) }
    }
    return upperBound(of: counts.count - 1)
  }
}

/// Fifty equal bins of scores in 0…1; the first also takes what is below, the last what is above.
package enum ScoreBuckets {
  package static let count = 50

  /// The bin of a finite score.
  package static func bucket(of score: Double) -> Int {
    Int(min(max(score, 0) * Double(count), Double(count - 1)))
  }
}
