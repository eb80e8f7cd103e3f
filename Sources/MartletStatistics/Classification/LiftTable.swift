import MartletCore

/// How well the top-scored rows concentrate the positives: cumulative gain and lift by share of rows.
package struct LiftTable: Sendable, Hashable, Codable {
  package struct Row: Sendable, Hashable, Codable {
    /// Share of all rows taken, from the highest score down.
    package var share: Double
    package var count: Int
    package var positives: Int
    /// Share of all positives found.
    package var gain: Double
    /// Rate among those taken, divided by the rate overall.
    package var lift: Double
  }

  package let rows: [Row]

  package init(labels: [Bool], scores: [Double], parts: Int = 10) throws {
    let ranked = try RankedScores(labels: labels, scores: scores)
    guard ranked.count > 0, parts > 0 else { throw MartletError.invalidInput("a lift table needs rows and parts") }
    let total = Double(ranked.positives)
    var (found, taken) = (0, 0)
    rows = (1...parts).map { part in
      let end = ranked.count * part / parts
      while taken < end {
        found += labels[Int(ranked.order[taken])] ? 1 : 0
        taken += 1
      }
      let gain = Double(found) / total
      return Row(
        share: Double(taken) / Double(ranked.count), count: taken, positives: found, gain: gain,
        lift: gain / (Double(taken) / Double(ranked.count)))
    }
  }
}
