import MartletCore

/// Two distributions over the same bins: the share of the reference and of the current data in each.
package struct Shares: Sendable, Hashable, Codable {
  package let reference: [Double]
  package let current: [Double]

  /// From counts over the same bins; each side is divided by its own total.
  package init(reference: [Double], current: [Double]) throws {
    let (all, now) = (reference.reduce(0, +), current.reduce(0, +))
    guard reference.count == current.count, all > 0, now > 0 else {
      throw MartletError.invalidInput(
        "cannot compare \(reference.count) bins holding \(all) values with \(current.count) bins holding \(now)",
        fix: "both sides need the same bins and at least one value that is not missing")
    }
    self.reference = reference.map { $0 / all }
    self.current = current.map { $0 / now }
  }

  /// Numbers in bins cut at quantiles of the reference (the classical PSI), open to both sides.
  package static func quantileBins(reference: NumericSample, current: NumericSample, bins: Int = 10) throws -> Shares {
    try binned(reference, current, edges: Histogram.quantileEdges(of: reference, bins: bins))
  }

  /// Numbers as Evidently bins them: each value for itself when the reference has at most 20 distinct ones, else
  /// equal bins over both samples, as many as Sturges' rule gives for both together (numpy's `bins="sturges"`).
  package static func sturgesBins(reference: NumericSample, current: NumericSample) throws -> Shares {
    guard reference.values.count > 20 else { return try distinct(reference, current) }
    let low = min(reference.values[0], current.values.first ?? .infinity)
    let high = max(reference.values[reference.values.count - 1], current.values.last ?? -.infinity)
    let edges = Histogram.sturgesEdges(low: low, high: high, count: reference.count + current.count)
    return try binned(reference, current, edges: edges)
  }

  /// One bin for each category that occurs on either side.
  package static func categories(reference: [String: Double], current: [String: Double]) throws -> Shares {
    let keys = Set(reference.keys).union(current.keys).sorted()
    return try Shares(reference: keys.map { reference[$0] ?? 0 }, current: keys.map { current[$0] ?? 0 })
  }

  private static func binned(_ a: NumericSample, _ b: NumericSample, edges: [Double]) throws -> Shares {
    try Shares(
      reference: try Histogram(a, edges: edges).counts, current: try Histogram(b, edges: edges).counts)
  }

  private static func distinct(_ a: NumericSample, _ b: NumericSample) throws -> Shares {
    let (left, right) = (a.countOfValue, b.countOfValue)
    let keys = Set(left.keys).union(right.keys).sorted()
    return try Shares(reference: keys.map { left[$0] ?? 0 }, current: keys.map { right[$0] ?? 0 })
  }

  /// Empty bins raised to 0.0001, or to a millionth of the smallest reference share where that is already as small
  /// (Evidently 0.7): logarithms need something there.
  var withoutZeroes: Shares {
    func filled(_ shares: [Double]) -> [Double] {
      let smallest = shares.filter { $0 > 0 }.min() ?? 1
      let floor = smallest <= 0.0001 ? smallest / 1e6 : 0.0001
      return shares.map { $0 == 0 ? floor : $0 }
    }
    return Shares(unchecked: filled(reference), filled(current))
  }

  private init(unchecked reference: [Double], _ current: [Double]) {
    self.reference = reference
    self.current = current
  }
}

extension NumericSample {
  /// How often each distinct value occurs.
  var countOfValue: [Double: Double] { Dictionary(zip(values, counts), uniquingKeysWith: +) }
}
