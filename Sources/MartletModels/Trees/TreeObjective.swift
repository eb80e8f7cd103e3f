import Foundation
import MartletCore

/// How a sum of leaf values becomes a prediction, from the `objective=` line.
enum TreeObjective: Sendable, Hashable {
  case identity
  /// 1/(1 + e^(−kx)); with several outputs each for itself (one versus all).
  case sigmoid(Double)
  case softmax
  case exponential
  /// ln(1 + eˣ), cross_entropy_lambda.
  case softplus
  /// sign(x) x², regression with reg_sqrt.
  case signedSquare

  init(_ line: Substring?) throws {
    let words = (line ?? "").split(separator: " ")
    let steepness = words.first { $0.hasPrefix("sigmoid:") }.flatMap { Double($0.dropFirst(8)) } ?? 1
    switch words.first {
    case "binary", "multiclassova": self = .sigmoid(steepness)
    case "cross_entropy": self = .sigmoid(1)
    case "multiclass": self = .softmax
    case "poisson", "gamma", "tweedie": self = .exponential
    case "cross_entropy_lambda": self = .softplus
    case "regression" where words.contains("sqrt"): self = .signedSquare
    case nil, "regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg", "custom",
      "none":
      self = .identity
    case .some(let unknown):
      throw MartletError.invalidInput("the LightGBM objective '\(unknown.prefix(40))' is not known")
    }
  }

  /// Turns raw scores of one row into predictions, in place.
  func apply(to scores: UnsafeMutableBufferPointer<Double>) {
    switch self {
    case .identity: break
    case .sigmoid(let k): for i in 0..<scores.count { scores[i] = 1 / (1 + exp(-k * scores[i])) }
    case .exponential: for i in 0..<scores.count { scores[i] = exp(scores[i]) }
    case .softplus: for i in 0..<scores.count { scores[i] = log1p(exp(scores[i])) }
    case .signedSquare: for i in 0..<scores.count { scores[i] = scores[i] * abs(scores[i]) }
    case .softmax: Self.softmax(scores)
    }
  }

  private static func softmax(_ scores: UnsafeMutableBufferPointer<Double>) {
    var largest = -Double.infinity
    for score in scores { largest = max(largest, score) }
    var sum = 0.0
    for i in 0..<scores.count {
      scores[i] = exp(scores[i] - largest)
      sum += scores[i]
    }
    for i in 0..<scores.count { scores[i] /= sum }
  }
}
