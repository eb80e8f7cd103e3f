/// A trained model and how the training went.
package struct LightGBMModel: Sendable, Codable, Hashable {
  /// LightGBM's own text format, up to the best round.
  package var text: String
  /// How many rounds the model has: the best on the validation data where there was early stopping, else all.
  package var bestRound: Int
  package var history: [LightGBMRound]
  /// Total gain of the splits on each feature.
  package var importance: [String: Double]

  package init(text: String, bestRound: Int, history: [LightGBMRound], importance: [String: Double]) {
    self.text = text
    self.bestRound = bestRound
    self.history = history
    self.importance = importance
  }
}

/// The metrics after one round.
package struct LightGBMRound: Sendable, Codable, Hashable {
  /// The first is 1.
  package var round: Int
  /// By LightGBM's name, such as `auc`; on the training data.
  package var training: [String: Double]
  /// Empty without validation data.
  package var validation: [String: Double]

  package init(round: Int, training: [String: Double], validation: [String: Double]) {
    self.round = round
    self.training = training
    self.validation = validation
  }
}

/// Stop when a metric on the validation data has not improved for some rounds.
package struct EarlyStopping: Sendable, Codable, Hashable {
  /// LightGBM's name, such as `auc`, `average_precision` or `binary_logloss`.
  package var metric: String
  /// So many rounds without a better value.
  package var patience: Int

  package init(metric: String, patience: Int) {
    self.metric = metric
    self.patience = patience
  }

  /// Of the metrics that are better when larger (LightGBM, `factor_to_bigger_better`); all others are losses.
  static func isBetterWhenLarger(_ metric: String) -> Bool {
    let name = metric.prefix { $0 != "@" }
    return ["auc", "auc_mu", "average_precision", "ndcg", "map", "r2"].contains(String(name))
  }
}
