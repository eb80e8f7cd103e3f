import MartletCore

/// Rows to learn from or to watch: one number for each row and feature, and a label for each row.
package struct LightGBMData: Sendable {
  /// Row after row; NaN is missing, a categorical feature holds whole numbers from 0.
  package var values: [Double]
  package var rows: Int
  package var columns: Int
  package var labels: [Float]
  /// One for each row; nil counts all alike.
  package var weights: [Float]?
  package var featureNames: [String]
  /// Indexes of the categorical features.
  package var categorical: [Int]

  package init(
    values: [Double], rows: Int, columns: Int, labels: [Float], weights: [Float]? = nil, featureNames: [String],
    categorical: [Int] = []
  ) {
    self.values = values
    self.rows = rows
    self.columns = columns
    self.labels = labels
    self.weights = weights
    self.featureNames = featureNames
    self.categorical = categorical
  }

  /// - Parameter what: which data it is, for the message.
  func check(_ what: String) throws {
    guard rows > 0, columns > 0 else {
      throw MartletError.invalidInput("\(what) is empty: \(rows) rows, \(columns) features")
    }
    guard values.count == rows * columns, labels.count == rows, featureNames.count == columns,
      weights.map({ $0.count == rows }) ?? true
    else {
      throw MartletError(
        .internalError,
        "\(what) does not fit together: \(rows) × \(columns) with \(values.count) values, \(labels.count) labels and \(featureNames.count) names"
      )
    }
    guard labels.allSatisfy(\.isFinite) else {
      throw MartletError.invalidInput("\(what) has rows without a label", fix: "leave them out before training")
    }
    if let name = featureNames.first(where: { $0.isEmpty || $0.contains(where: Self.isForbidden) }) {
      throw MartletError.invalidInput(
        "LightGBM cannot take the feature name '\(name)'", fix: "use letters, digits and underscores")
    }
    if let index = categorical.first(where: { !(0..<columns).contains($0) }) {
      throw MartletError(.internalError, "the categorical feature \(index) is beyond the \(columns) features")
    }
  }

  private static func isForbidden(_ character: Character) -> Bool {
    character.isWhitespace || "\",:[]{}".contains(character)
  }
}
