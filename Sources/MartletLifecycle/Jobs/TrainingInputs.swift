package import MartletModels

/// Which columns of a training table mean what.
package struct TrainingInputs: Codable, Sendable, Hashable {
  /// The outcome: 1, 0, or null where it is unknown.
  package var label: String
  /// Columns that a caller sends.
  package var requestColumns: [String]
  /// Columns that serving joins from the online table.
  package var features: [JoinedFeatures]

  package init(label: String, requestColumns: [String], features: [JoinedFeatures]) {
    self.label = label
    self.requestColumns = requestColumns
    self.features = features
  }

  package var columns: [String] { requestColumns + features.flatMap { $0.columns.map(\.name) } }
}
