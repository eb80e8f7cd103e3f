import MartletCore
import MartletModels
import MartletStatistics

/// What an evaluate step gives: the candidate, the baselines and the champion on the same rows.
struct Evaluation: Codable, Sendable {
  var run: RunID
  var rows: Int
  var candidate: BinaryEvaluation
  var baselines: [String: BinaryEvaluation]
  var champion: BinaryEvaluation?
  var championVersion: ModelVersionID?
  /// candidate − champion, with 95 % intervals.
  var paired: [String: Interval]?
  /// Parquet of training rows with the candidate's score.
  var reference: Digest

  /// The best baseline by average precision: what a line's `baseline.` means.
  var bestBaseline: BinaryEvaluation? {
    baselines.values.max { ($0.metrics["pr_auc"] ?? 0) < ($1.metrics["pr_auc"] ?? 0) }
  }
}
