import MartletCore

/// A trained model that LightGBM itself evaluates: the reference for the native evaluator.
package final class LightGBMBooster: @unchecked Sendable {
  package enum Output: Int32, Sendable {
    /// What the objective yields, such as a probability.
    case transformed = 0
    /// The sum of the trees.
    case raw = 1
    /// One Shapley value for each feature, then the expected value; they add up to the raw score.
    case contributions = 3
  }

  private let library: LightGBMLibrary
  private var handle: UnsafeMutableRawPointer?
  package let featureCount: Int
  /// Outputs per row: 1 unless the objective is multi-class.
  package let classCount: Int

  init(_ text: String, library: LightGBMLibrary) throws {
    self.library = library
    guard text.hasPrefix("tree\n") || text.hasPrefix("tree\r\n"), text.contains("end of trees") else {
      throw MartletError.invalidInput(
        "this is not a LightGBM model", fix: "give the text that LightGBM saves; it begins with 'tree' and is complete")
    }
    library.silence()
    var (rounds, features, classes) = (Int32(0), Int32(0), Int32(0))
    try library.check(library.loadText(text, &rounds, &handle), doing: "reading a model")
    _ = library.featureCount(handle, &features)
    _ = library.classCount(handle, &classes)
    (featureCount, classCount) = (Int(features), max(1, Int(classes)))
  }

  deinit { _ = library.freeBooster(handle) }

  /// Predictions row after row: `rows × classCount` values, or `rows × classCount × (features + 1)` contributions.
  /// - Parameter values: row after row, `rows × columns`; NaN is missing.
  package func predict(_ values: [Double], rows: Int, columns: Int, output: Output = .transformed, threads: Int = 1)
    throws
    -> [Double]
  {
    guard columns == featureCount, values.count == rows * columns else {
      throw MartletError.invalidInput(
        "the model takes \(featureCount) features, the data has \(columns) (\(rows) rows, \(values.count) values)")
    }
    guard rows > 0 else { return [] }
    library.silence()
    let perRow = output == .contributions ? classCount * (featureCount + 1) : classCount
    var results = [Double](repeating: .nan, count: rows * perRow)
    var count: Int64 = 0
    try library.check(
      library.predict(
        handle, values, 1, Int32(rows), Int32(columns), 1, output.rawValue, 0, -1, "num_threads=\(max(1, threads))",
        &count, &results), doing: "predicting")
    return results
  }
}
