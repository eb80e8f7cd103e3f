import MartletCore
package import MartletStatistics

/// What is known of a model or a window when a gate is judged.
package struct GateFacts: Sendable {
  /// Measures of one value of a slicing column; nil where there were too few rows to measure.
  package struct Slice: Sendable, Hashable {
    package var value: String
    package var metrics: [String: Double]?

    package init(value: String, metrics: [String: Double]?) {
      self.value = value
      self.metrics = metrics
    }
  }

  /// Measures by subject. No entry for the champion: there is none, and lines that name it hold.
  package var metrics: [GateExpression.Subject: [String: Double]]
  /// Slices of the candidate, by column.
  package var slices: [String: [Slice]]
  /// Intervals of the candidate's own measures.
  package var intervals: [String: Interval]
  /// Paired intervals of candidate − subject on the same rows.
  package var differences: [GateExpression.Subject: [String: Interval]]
  /// Functions of columns: for each function the columns with their values. `prediction` is a column of its own and not
  /// a feature.
  package var columns: [GateExpression.ColumnMeasure: [String: Double]]

  package init(
    candidate: [String: Double], champion: [String: Double]? = nil, baseline: [String: Double]? = nil,
    training: [String: Double]? = nil, slices: [String: [Slice]] = [:], intervals: [String: Interval] = [:],
    differences: [GateExpression.Subject: [String: Interval]] = [:],
    columns: [GateExpression.ColumnMeasure: [String: Double]] = [:]
  ) {
    metrics = [.candidate: candidate]
    metrics[.champion] = champion
    metrics[.baseline] = baseline
    metrics[.training] = training
    self.slices = slices
    self.intervals = intervals
    self.differences = differences
    self.columns = columns
  }

  package var hasChampion: Bool { metrics[.champion] != nil }
}
