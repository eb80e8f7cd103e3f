import MartletCore

/// Why the project exists, for whom, and what its decisions are worth.
package struct CharterSection: Sendable, Hashable, Codable {
  package struct Objective: Sendable, Hashable, Codable {
    package var objective: String
    package var keyResult: String?
    package var target: Double?
    package var from: Double?
  }

  /// The decision that the model informs and the value of each outcome, in `unit`.
  package struct Decision: Sendable, Hashable, Codable {
    package var action: String
    package var unit: String
    package var gain: Gain
  }

  package struct Gain: Sendable, Hashable, Codable {
    package var truePositive: Double
    package var falsePositive: Double
    package var falseNegative: Double
    package var trueNegative: Double
  }

  package var problem: String?
  package var owner: String?
  package var objectives: [Objective] = []
  package var decision: Decision?
}

extension CharterSection {
  static func read(_ reader: MappingReader) -> CharterSection {
    var charter = CharterSection()
    charter.problem = reader.text("problem")
    charter.owner = reader.text("owner")
    charter.objectives = reader.list("objectives").enumerated().compactMap { index, node in
      MappingReader(node, path: "charter.objectives[\(index + 1)]", problems: reader.problems).map(readObjective)
    }
    charter.decision = reader.child("decision").flatMap(readDecision)
    reader.finish()
    return charter
  }

  private static func readObjective(_ reader: MappingReader) -> Objective {
    let objective = Objective(
      objective: reader.text("objective", required: true) ?? "", keyResult: reader.text("key_result"),
      target: reader.number("target"), from: reader.number("from"))
    reader.finish()
    return objective
  }

  private static func readDecision(_ reader: MappingReader) -> Decision? {
    let action = reader.text("action", required: true)
    let unit = reader.text("unit", required: true)
    let gain = reader.child("gain").map(readGain)
    if gain == nil { reader.require("gain") }
    reader.finish()
    guard let action, let unit, let gain else { return nil }
    return Decision(action: action, unit: unit, gain: gain)
  }

  private static func readGain(_ reader: MappingReader) -> Gain {
    let gain = Gain(
      truePositive: reader.number("true_positive", required: true) ?? 0,
      falsePositive: reader.number("false_positive", required: true) ?? 0,
      falseNegative: reader.number("false_negative", required: true) ?? 0,
      trueNegative: reader.number("true_negative", required: true) ?? 0)
    reader.finish()
    return gain
  }
}
