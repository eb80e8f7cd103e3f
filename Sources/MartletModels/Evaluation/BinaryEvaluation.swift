import MartletCore
package import MartletStatistics

/// How good the scores of a yes/no model are on rows whose outcome is known.
package struct BinaryEvaluation: Sendable, Hashable, Codable {
  package struct Slice: Sendable, Hashable, Codable {
    package var column: String
    package var value: String
    package var rows: Int
    package var positiveShare: Double
    /// Nil under 30 rows, or where a class is absent.
    package var metrics: [String: Double]?
  }

  package var rows: Int
  package var positiveShare: Double
  /// Score from which the decision is taken.
  package var threshold: Double
  /// `roc_auc`, `pr_auc`, `brier`, `log_loss`, `ece`, `accuracy`, `precision`, `recall`; where the project has a
  /// decision, `value_per_1000`, and `gain_per_1000`: that value less what the better of always and never acting, which
  /// needs no model, would have been worth.
  package var metrics: [String: Double]
  /// 95 % bootstrap intervals.
  package var intervals: [String: Interval]
  package var confusion: Confusion
  package var calibration: [CalibrationTable.Bin]
  package var slices: [Slice]
  /// Value of always and of never acting, per 1,000.
  package var valueAlways: Double?
  package var valueNever: Double?
  /// The threshold worth most on these rows, seen afterwards, and what it was worth per 1,000.
  package var bestThreshold: Double?
  package var valueAtBest: Double?

  package static let smallestSlice = 30

  /// - Parameters:
  ///   - slices: for each slicing column its value in every row.
  ///   - bootstrap: nil leaves the intervals out.
  package init(
    labels: [Bool], scores: [Double], decision: DecisionMatrix?, slices columns: [String: [String?]] = [:],
    bootstrap: Bootstrap? = nil
  ) throws {
    guard labels.count == scores.count, columns.values.allSatisfy({ $0.count == labels.count }) else {
      throw MartletError(.internalError, "\(labels.count) labels, \(scores.count) scores and slices differ in length")
    }
    guard labels.contains(true), labels.contains(false) else {
      throw MartletError.invalidInput(
        "the rows to evaluate on have only one outcome", fix: "evaluate on more rows, or on a longer time")
    }
    let threshold = decision?.threshold ?? 0.5
    rows = labels.count
    positiveShare = Double(labels.count { $0 }) / Double(labels.count)
    self.threshold = threshold
    metrics = try Self.metrics(labels, scores, decision, threshold)
    confusion = Confusion(labels: labels, scores: scores, threshold: threshold)
    calibration = try CalibrationTable(labels: labels, probabilities: scores).bins
    valueAlways = decision.map { $0.valuePer1000(Confusion(labels: labels, scores: scores, threshold: -.infinity)) }
    valueNever = decision.map { $0.valuePer1000(Confusion(labels: labels, scores: scores, threshold: .infinity)) }
    let best = try decision?.best(labels: labels, scores: scores)
    (bestThreshold, valueAtBest) = (best?.threshold, best?.valuePer1000)
    self.slices = try columns.sorted { $0.key < $1.key }.flatMap { column, values in
      try Self.slices(column, values, labels, scores, decision, threshold)
    }
    intervals = [:]
    if let bootstrap {
      let resampled = try Self.resampled(labels, scores, decision, threshold)
      let found = try bootstrap.intervals(resampled.map(\.metric))
      intervals = Dictionary(uniqueKeysWithValues: zip(resampled.map(\.name), found))
    }
  }

  private static func metrics(
    _ labels: [Bool], _ scores: [Double], _ decision: DecisionMatrix?, _ threshold: Double
  ) throws -> [String: Double] {
    let ranked = try RankedScores(labels: labels, scores: scores)
    let confusion = Confusion(labels: labels, scores: scores, threshold: threshold)
    var metrics = [
      "roc_auc": ranked.rocAUC, "pr_auc": ranked.averagePrecision,
      "brier": BinaryMetric.brier(labels: labels, probabilities: scores),
      "log_loss": BinaryMetric.logLoss(labels: labels, probabilities: scores),
      "ece": try CalibrationTable(labels: labels, probabilities: scores).expectedError, "accuracy": confusion.accuracy,
    ]
    if confusion.truePositives + confusion.falsePositives > 0 { metrics["precision"] = confusion.precision }
    metrics["recall"] = confusion.recall
    if let decision {
      let value = decision.valuePer1000(confusion)
      let withoutModel = [-Double.infinity, .infinity].map {
        decision.valuePer1000(Confusion(labels: labels, scores: scores, threshold: $0))
      }
      metrics["value_per_1000"] = value
      metrics["gain_per_1000"] = value - (withoutModel.max() ?? 0)
    }
    return metrics
  }

  private static func slices(
    _ column: String, _ values: [String?], _ labels: [Bool], _ scores: [Double], _ decision: DecisionMatrix?,
    _ threshold: Double
  ) throws -> [Slice] {
    let rowsByValue = Dictionary(grouping: values.indices) { values[$0] ?? "(missing)" }
    return try rowsByValue.sorted { $0.key < $1.key }.map { value, rows in
      let (sliceLabels, sliceScores) = (rows.map { labels[$0] }, rows.map { scores[$0] })
      let positives = sliceLabels.count { $0 }
      let isMeasured = rows.count >= smallestSlice && positives > 0 && positives < rows.count
      return Slice(
        column: column, value: value, rows: rows.count, positiveShare: Double(positives) / Double(rows.count),
        metrics: isMeasured ? try metrics(sliceLabels, sliceScores, decision, threshold) : nil)
    }
  }

  private static func resampled(
    _ labels: [Bool], _ scores: [Double], _ decision: DecisionMatrix?, _ threshold: Double
  ) throws -> [(name: String, metric: ResampledMetric)] {
    let ranked = try RankedScores(labels: labels, scores: scores)
    var list: [(name: String, metric: ResampledMetric)] = [
      ("roc_auc", .rocAUC(ranked)), ("pr_auc", .averagePrecision(ranked)),
      ("brier", .mean(BinaryMetric.squaredErrors(labels: labels, probabilities: scores))),
      ("log_loss", .mean(BinaryMetric.logLosses(labels: labels, probabilities: scores))),
    ]
    if let decision {
      list.append(
        (
          "value_per_1000",
          .mean(decision.values(labels: labels, scores: scores, threshold: threshold).map { $0 * 1000 })
        ))
    }
    return list
  }

  /// Intervals of metric(candidate) − metric(other) on the same rows, for every metric that can be resampled.
  package static func differences(
    labels: [Bool], candidate: [Double], other: [Double], decision: DecisionMatrix?, bootstrap: Bootstrap
  ) throws -> [String: Interval] {
    let threshold = decision?.threshold ?? 0.5
    let mine = try resampled(labels, candidate, decision, threshold)
    let theirs = try resampled(labels, other, decision, threshold)
    var result: [String: Interval] = [:]
    for (a, b) in zip(mine, theirs) { result[a.name] = try bootstrap.difference(a.metric, minus: b.metric) }
    return result
  }
}
