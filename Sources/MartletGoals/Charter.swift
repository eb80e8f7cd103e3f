package import MartletModels

/// Why a project exists, for whom, and what its decisions are worth. Decoded from the project file's `charter`.
package struct Charter: Sendable, Hashable, Codable {
  /// What should get better, and the number that shows it.
  package struct Objective: Sendable, Hashable, Codable {
    package var objective: String
    package var keyResult: String?
    package var target: Double?
    /// Where the key result stood before.
    package var from: Double?

    package init(objective: String, keyResult: String? = nil, target: Double? = nil, from: Double? = nil) {
      self.objective = objective
      self.keyResult = keyResult
      self.target = target
      self.from = from
    }

    /// How much of the way from `from` to `target` a value has gone; 1 at the target. Nil when either is unknown.
    package func progress(at value: Double) -> Double? {
      guard let target, let from, target != from else { return nil }
      return (value - from) / (target - from)
    }
  }

  package var problem: String?
  package var owner: String?
  package var objectives: [Objective]
  package var decision: DecisionModel?

  package init(
    problem: String? = nil, owner: String? = nil, objectives: [Objective] = [], decision: DecisionModel? = nil
  ) {
    self.problem = problem
    self.owner = owner
    self.objectives = objectives
    self.decision = decision
  }
}

/// The decision that a model informs, and the value of each way it can come out. The figures are assumptions.
package struct DecisionModel: Sendable, Hashable, Codable {
  /// Value of one decision of each outcome, in `unit`; losses are negative.
  package struct Gain: Sendable, Hashable, Codable {
    package var truePositive: Double
    package var falsePositive: Double
    package var falseNegative: Double
    package var trueNegative: Double

    package init(truePositive: Double, falsePositive: Double, falseNegative: Double, trueNegative: Double) {
      self.truePositive = truePositive
      self.falsePositive = falsePositive
      self.falseNegative = falseNegative
      self.trueNegative = trueNegative
    }
  }

  package var action: String
  /// `USD`, `hours`, …
  package var unit: String
  package var gain: Gain

  package init(action: String, unit: String, gain: Gain) {
    self.action = action
    self.unit = unit
    self.gain = gain
  }

  /// The matrix that evaluations and monitors compute with.
  package var matrix: DecisionMatrix {
    DecisionMatrix(
      truePositive: gain.truePositive, falsePositive: gain.falsePositive, falseNegative: gain.falseNegative,
      trueNegative: gain.trueNegative, unit: unit)
  }

  /// Value of 1,000 decisions in words: `USD 1,234 per 1,000 decisions (assumptions of the charter)`.
  package func words(per1000 value: Double) -> String {
    "\(unit) \(Self.grouped(value)) per 1,000 decisions (assumptions of the charter)"
  }

  private static func grouped(_ value: Double) -> String {
    guard let whole = Int64(exactly: abs(value).rounded()) else { return "\(value)" }
    let digits = String(whole)
    var groups: [Substring] = []
    var rest = digits[...]
    while rest.count > 3 {
      groups.insert(rest.suffix(3), at: 0)
      rest = rest.dropLast(3)
    }
    return (value < 0 ? "-" : "") + ([rest] + groups).joined(separator: ",")
  }
}
