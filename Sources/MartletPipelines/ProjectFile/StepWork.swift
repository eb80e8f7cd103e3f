package import MartletCore

/// Joins feature views to a table of rows as of each row's own time.
package struct JoinStep: Sendable, Hashable, Codable {
  package var table: StepOutputName
  /// Column with the time as of which features are looked up.
  package var at: String
  package var features: [String]
  package var split: SplitSection?
}

/// How a table is cut into one to train on and one to test on.
package struct SplitSection: Sendable, Hashable, Codable {
  package enum Order: String, Sendable, Hashable, Codable, CaseIterable {
    /// The earlier rows train, the later ones test.
    case time
    case random
  }

  package var by: Order
  package var column: String?
  package var train: Double
  package var test: Double
  package var seed: UInt64?
}

/// Trains candidates on a table and keeps the best.
package struct TrainStep: Sendable, Hashable, Codable {
  package var table: StepOutputName
  package var label: TextArgument
  /// Columns that are carried along and never seen by a model.
  package var ignore: [String] = []
  package var prepare: [PreparationSection] = []
  package var engines: [String] = ["lightgbm"]
  package var baselines: [BaselineSection] = []
  package var tune: TuneSection?
  /// Parameters of the engine that are fixed.
  package var parameters: [String: JSON] = [:]
}

/// One fitted transformation: `impute: median`, `clip: iqr`, `scale: standard`, `encode: target`, `dates`, `bin`, …;
/// operations and methods are those of the models module's preparation.
package struct PreparationSection: Sendable, Hashable, Codable {
  package var operation: String
  package var method: String?
  /// Nil: every column it applies to.
  package var columns: [String]?
}

/// A simple model that stands beside the trained one.
package enum BaselineSection: Sendable, Hashable, Codable {
  case constant
  /// A model of one column.
  case feature(String)
}

/// Measures a model on a table that it has not seen.
package struct EvaluateStep: Sendable, Hashable, Codable {
  package var model: StepOutputName
  package var table: StepOutputName
  /// Columns by whose values the measures are also given.
  package var slices: [String] = []
  /// Whether measures come with bootstrap intervals.
  package var bootstrap: Bool
}

/// Makes a trained model a version of a registered model.
package struct RegisterStep: Sendable, Hashable, Codable {
  package var model: StepOutputName
  package var name: ModelName
}

/// Brings a model version to an endpoint, by the endpoint's strategy.
package struct DeployStep: Sendable, Hashable, Codable {
  package var version: StepOutputName
  package var endpoint: EndpointName
}

/// Judges a gate on what the evaluations before it found.
package struct GateStep: Sendable, Hashable, Codable {
  package var gate: String
  package var lines: [String]
  /// Evaluation steps whose results are the gate's facts.
  package var evaluations: [String]
}
