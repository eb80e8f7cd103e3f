import MartletCore

/// Labels with scores, sorted once so that ranking metrics cost one pass, also for each resample of the rows.
package struct RankedScores: Sendable {
  /// Row numbers by falling score.
  package let order: [Int32]
  /// Labels in that order.
  private let labels: [Bool]
  /// True where the next row's score is lower: the end of a group of ties.
  private let endsTie: [Bool]

  /// NaN scores and unequal lengths are errors.
  package init(labels: [Bool], scores: [Double]) throws {
    guard labels.count == scores.count else {
      throw MartletError.invalidInput("\(labels.count) labels with \(scores.count) scores")
    }
    guard !scores.contains(where: \.isNaN) else { throw MartletError.invalidInput("a score is not a number") }
    let order = (0..<Int32(scores.count)).sorted { a, b in
      let (left, right) = (scores[Int(a)], scores[Int(b)])
      return left > right || (left == right && a < b)
    }
    self.order = order
    self.labels = order.map { labels[Int($0)] }
    endsTie = order.indices.map { i in
      i + 1 == order.count || scores[Int(order[i])] != scores[Int(order[i + 1])]
    }
  }

  package var count: Int { order.count }
  package var positives: Int { labels.count { $0 } }

  /// Area under the ROC curve: the share of (positive, negative) pairs ranked rightly, ties counting half
  /// (Mann–Whitney); NaN when a class is absent.
  package var rocAUC: Double { withOnes { rocAUC(weights: $0) } }

  /// Average precision, Σ (Rₙ − Rₙ₋₁) Pₙ over distinct scores (scikit-learn's definition); NaN without positives.
  package var averagePrecision: Double { withOnes { averagePrecision(weights: $0) } }

  /// The same with row i counted `weights[i]` times.
  package func rocAUC(weights: UnsafeBufferPointer<UInt16>) -> Double {
    var (positives, negatives, pairs) = (0.0, 0.0, 0.0)
    walk(weights) { groupPositives, groupNegatives in
      // Positives of this group beat the negatives still to come; half of its own ties are counted.
      pairs += groupNegatives * (positives + groupPositives / 2)
      positives += groupPositives
      negatives += groupNegatives
    }
    return positives > 0 && negatives > 0 ? pairs / (positives * negatives) : .nan
  }

  /// The same with row i counted `weights[i]` times.
  package func averagePrecision(weights: UnsafeBufferPointer<UInt16>) -> Double {
    var (positives, all, sum) = (0.0, 0.0, 0.0)
    walk(weights) { groupPositives, groupNegatives in
      positives += groupPositives
      all += groupPositives + groupNegatives
      if groupPositives > 0 { sum += groupPositives * positives / all }
    }
    return positives > 0 ? sum / positives : .nan
  }

  /// Visits each group of equal scores from the highest down with its weight of positives and negatives.
  @inline(__always)
  private func walk(_ weights: UnsafeBufferPointer<UInt16>, _ visit: (Double, Double) -> Void) {
    order.withUnsafeBufferPointer { order in
      labels.withUnsafeBufferPointer { labels in
        endsTie.withUnsafeBufferPointer { endsTie in
          var (positives, all) = (0, 0)
          for i in 0..<order.count {
            let weight = Int(weights[Int(order[i])])
            all += weight
            positives += labels[i] ? weight : 0
            guard endsTie[i] else { continue }
            if all > 0 { visit(Double(positives), Double(all - positives)) }
            (positives, all) = (0, 0)
          }
        }
      }
    }
  }

  private func withOnes(_ body: (UnsafeBufferPointer<UInt16>) -> Double) -> Double {
    [UInt16](repeating: 1, count: count).withUnsafeBufferPointer(body)
  }
}
