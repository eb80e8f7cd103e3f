package import MartletStatistics

/// How good the predictions of a model of numbers are on rows whose outcome is known.
package struct RegressionEvaluation: Sendable, Hashable, Codable {
  package var metrics: RegressionMetrics
  /// Bootstrap intervals of `mae` and `rmse`.
  package var intervals: [String: Interval]

  package init(truths: [Double], predictions: [Double], bootstrap: Bootstrap? = nil) throws {
    metrics = try RegressionMetrics(truths: truths, predictions: predictions)
    intervals = [:]
    guard let bootstrap else { return }
    let errors = zip(truths, predictions).map { $0 - $1 }
    let found = try bootstrap.intervals([.mean(errors.map { abs($0) }), .rootMean(errors.map { $0 * $0 })])
    intervals = ["mae": found[0], "rmse": found[1]]
  }
}
