import Foundation
package import MartletCore

/// Everything that is needed to predict: what a caller sends, which features are joined, the fitted preparation, the
/// estimator, and examples with the scores they must give.
package struct ModelPackage: Sendable {
  /// A row as it was in training, and its score.
  package struct Example: Sendable, Hashable, Codable {
    package var row: [String: JSON]
    package var score: Double
  }

  package var signature: ModelSignature
  package var features: [JoinedFeatures]
  package var preparation: FittedPreparation
  package var estimator: Estimator
  package var examples: [Example]
  /// The text of the trees as LightGBM wrote it.
  package var modelText: String?
  private let program: PreparationProgram

  package init(
    signature: ModelSignature, features: [JoinedFeatures], preparation: FittedPreparation, estimator: Estimator,
    examples: [Example] = [], modelText: String? = nil
  ) throws {
    self.signature = signature
    self.features = features
    self.preparation = preparation
    self.estimator = estimator
    self.examples = examples
    self.modelText = modelText
    program = try PreparationProgram(preparation)
    try estimator.check(columns: preparation.outputs.count)
  }

  /// Every column the preparation reads, with its type: request columns first, then joined ones.
  package var fields: [ModelField] {
    let known =
      signature.inputs + features.flatMap { view in view.columns.map { ModelField($0.name, $0.type, required: false) } }
    let byName = Dictionary(known.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return preparation.inputs.map {
      byName[$0.name] ?? ModelField($0.name, $0.isText ? .string : .double, required: false)
    }
  }

  /// Scores one row given as one number and one text for each of `fields`, without allocating.
  package func score(numbers: UnsafeBufferPointer<Double>, texts: UnsafeBufferPointer<String?>) -> Double {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, program.outputCount)) { prepared in
      program.apply(numbers: numbers, texts: texts, into: prepared)
      return estimator.score(UnsafeBufferPointer(rebasing: prepared[..<program.outputCount]))
    }
  }

  /// Scores all rows of a table that has the columns of `fields`.
  package func predict(_ frame: Frame) throws -> [Double] {
    let matrix = try preparation.matrix(from: frame)
    return matrix.values.withUnsafeBufferPointer { values in
      (0..<matrix.rows).map { row in
        estimator.score(UnsafeBufferPointer(rebasing: values[row * matrix.columns..<(row + 1) * matrix.columns]))
      }
    }
  }

  /// Scores the recorded examples again; throws when one of them differs by more than the tolerance.
  package func prove(tolerance: Double = 1e-9) throws {
    guard !examples.isEmpty else {
      throw MartletError(.checkFailed, "the model package has no recorded examples to be proved against")
    }
    let frame = try Frame(rows: examples.map(\.row), fields: fields)
    let scores = try predict(frame)
    for (index, (score, example)) in zip(scores, examples).enumerated() where !(abs(score - example.score) <= tolerance)
    {
      throw MartletError(
        .checkFailed,
        "the loaded model gives \(score) for recorded example \(index + 1), training gave \(example.score)",
        cause: "the engine or the package is not the one the model was verified with",
        fix: "register the model again from its run")
    }
  }

  /// The first rows of a table as examples of this model.
  package func recordedExamples(from frame: Frame, count: Int = 20) throws -> [Example] {
    let sample = try frame.rows(0..<min(count, frame.rowCount))
    let scores = try predict(sample)
    return try (0..<sample.rowCount).map { row in
      let members = try fields.map { ($0.name, try sample.json($0.name, row: row)) }
      return Example(row: Dictionary(uniqueKeysWithValues: members), score: scores[row])
    }
  }
}
