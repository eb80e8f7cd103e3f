import MartletCore
import MartletModels
import MartletRegistry

/// What a train step gives to those after it.
struct TrainedModel: Codable, Sendable {
  var run: RunID
  var files: [ModelFile]
  /// On the rows held back for validation.
  var metrics: [String: Double]
  var parameters: [String: JSON]
  var importance: [TrialJob.Importance]
  var inputs: TrainingInputs
  /// Columns that sort the rows, the first in time.
  var order: [String]
  var table: Digest
  var seed: UInt64
  /// What was read of each dataset.
  var dataVersions: [String: String]
  var baselines: [Baseline]

  struct Baseline: Codable, Sendable {
    var name: String
    var run: RunID
    var files: [ModelFile]
    var metrics: [String: Double]
  }
}

/// What a join step gives to those after it, beside its tables.
struct JoinedTable: Codable, Sendable {
  struct Column: Codable, Sendable {
    var name: String
    var type: String
    /// The feature view it comes from; nil for the base table's own.
    var view: String?
  }

  var columns: [Column]
  var views: [JoinedFeatures]
  /// Time column that the split went by.
  var time: String?
  var trainRows: Int64
  var testRows: Int64
  /// Rows whose label is unknown: reported, and left out of training.
  var unlabelled: Int64
  /// Which version of which dataset was read.
  var dataVersions: [String: String]
}
