import MartletCore

/// What turns prepared numbers into a score.
package enum Estimator: Sendable {
  case trees(TreeEnsemble)
  /// The same score for every row.
  case constant(Double)
  /// The positive share of the training rows in the same bin of one prepared column; `missing` where it is missing.
  case binned(column: Int, edges: [Double], rates: [Double], missing: Double)

  package func score(_ row: UnsafeBufferPointer<Double>) -> Double {
    switch self {
    case .trees(let ensemble): return ensemble.predict(row)
    case .constant(let value): return value
    case .binned(let column, let edges, let rates, let missing):
      let bin = ValueChange.bin(row[column], edges)
      return bin.isNaN ? missing : rates[min(Int(bin), rates.count - 1)]
    }
  }
}

extension Estimator {
  /// Refuses an estimator that would not find what it reads among so many prepared columns.
  func check(columns: Int) throws {
    switch self {
    case .constant: return
    case .trees(let ensemble):
      guard ensemble.featureCount == columns else {
        throw MartletError.invalidInput(
          "the model takes \(ensemble.featureCount) columns, and its preparation gives \(columns)",
          fix: "keep the preparation that the model was trained with")
      }
      guard ensemble.outputCount == 1 else {
        throw MartletError.invalidInput(
          "the model gives \(ensemble.outputCount) numbers for a row, and a package serves one",
          fix: "train with one class or one value")
      }
    case .binned(let column, let edges, let rates, _):
      guard (0..<columns).contains(column), rates.count == edges.count + 1 else {
        throw MartletError.invalidInput("the model's bins do not fit its preparation")
      }
    }
  }
}

/// An estimator as it is written down; the trees stand in a file of their own.
struct EstimatorRecord: Codable {
  var kind: String
  var value: Double?
  var column: Int?
  var edges: [Double]?
  var rates: [Double]?
  var missing: Double?

  init(_ estimator: Estimator) {
    switch estimator {
    case .trees: kind = "lightgbm"
    case .constant(let constant):
      kind = "constant"
      value = constant
    case .binned(let place, let borders, let shares, let absent):
      kind = "binned"
      (column, edges, rates, missing) = (place, borders, shares, absent)
    }
  }

  func estimator(trees: () throws -> TreeEnsemble) throws -> Estimator {
    switch kind {
    case "lightgbm": return .trees(try trees())
    case "constant":
      guard let value else { break }
      return .constant(value)
    case "binned":
      guard let column, let edges, let rates, let missing, column >= 0, !rates.isEmpty else { break }
      return .binned(column: column, edges: edges, rates: rates, missing: missing)
    default: break
    }
    throw MartletError.invalidInput("the model package names an estimator '\(kind.prefix(40))' that cannot be read")
  }
}
