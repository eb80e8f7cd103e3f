import Foundation
import MartletCore

/// Counts between ascending edges: bin i holds edges[i] ≤ x < edges[i+1], the last bin its upper edge too.
package struct Histogram: Sendable, Hashable, Codable {
  package let edges: [Double]
  package let counts: [Double]

  /// `edges` ascend strictly and number one more than `counts`.
  package init(edges: [Double], counts: [Double]) throws {
    guard edges.count == counts.count + 1, zip(edges, edges.dropFirst()).allSatisfy(<) else {
      throw MartletError.invalidInput("a histogram needs ascending edges, one more than it has counts")
    }
    self.edges = edges
    self.counts = counts
  }

  /// Counts a sample; numbers outside the edges are not counted.
  package init(_ sample: NumericSample, edges: [Double]) throws {
    var counts = [Double](repeating: 0, count: max(edges.count - 1, 0))
    var bin = 0
    for (value, count) in zip(sample.values, sample.counts) where value >= edges[0] && value <= edges[edges.count - 1] {
      while bin < counts.count - 1, value >= edges[bin + 1] { bin += 1 }
      counts[bin] += count
    }
    try self.init(edges: edges, counts: counts)
  }

  package var total: Double { counts.reduce(0, +) }

  /// Equal bins over [low, high], as many as Sturges' rule gives for `count` numbers: width = (high − low)/(log₂n + 1).
  package static func sturgesEdges(low: Double, high: Double, count: Double) -> [Double] {
    guard high > low, count > 0 else { return [low - 0.5, low + 0.5] }
    let bins = max(1, Int((Foundation.log2(count) + 1).rounded(.up)))
    return equalEdges(low: low, high: high, bins: bins)
  }

  /// `bins` equal bins over [low, high].
  package static func equalEdges(low: Double, high: Double, bins: Int) -> [Double] {
    let step = (high - low) / Double(bins)
    return (0..<bins).map { low + Double($0) * step } + [high]
  }

  /// Edges at the quantiles of a reference, open to both sides; repeated quantiles fall together.
  package static func quantileEdges(of sample: NumericSample, bins: Int = 10) -> [Double] {
    let cuts = sample.quantiles(at: (0...bins).map { Double($0) / Double(bins) })
    var edges = [-Double.infinity]
    var distinct: [Double] = []
    for cut in cuts where distinct.last != cut { distinct.append(cut) }
    edges += distinct.dropFirst().dropLast()
    return edges + [.infinity]
  }
}
