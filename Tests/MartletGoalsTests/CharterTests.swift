import MartletCore
import MartletModels
import MartletStatistics
import Testing

@testable import MartletGoals

@Suite("The charter") struct CharterTests {
  static let decision = DecisionModel(
    action: "hold", unit: "USD",
    gain: DecisionModel.Gain(truePositive: 120, falsePositive: -35, falseNegative: -180, trueNegative: 0))

  @Test("A charter is read from the project file's JSON") func decoding() throws {
    let json: JSON = [
      "problem": "p", "owner": "o",
      "objectives": [["objective": "fewer", "keyResult": "k", "target": 8.0, "from": 11.5]],
      "decision": [
        "action": "hold", "unit": "USD",
        "gain": ["truePositive": 120, "falsePositive": -35, "falseNegative": -180, "trueNegative": 0],
      ],
    ]
    let charter = try json.decode(Charter.self)
    #expect(charter.decision == Self.decision)
    #expect(charter.objectives.first?.target == 8)
  }

  @Test("Progress towards a key result is a share of the way") func progress() {
    let objective = Charter.Objective(objective: "fewer", keyResult: "k", target: 8, from: 12)
    #expect(objective.progress(at: 12) == 0)
    #expect(objective.progress(at: 9) == 0.75)
    #expect(objective.progress(at: 8) == 1)
    #expect(Charter.Objective(objective: "more").progress(at: 3) == nil)
  }

  @Test("The decision's matrix values 1,000 decisions in the charter's unit") func value() {
    let labels = [true, true, false, false]
    let confusion = Confusion(labels: labels, scores: [0.9, 0.1, 0.8, 0.2], threshold: 0.5)
    // 120 − 180 − 35 + 0 over four decisions.
    #expect(Self.decision.matrix.valuePer1000(confusion) == -23_750)
    #expect(Self.decision.words(per1000: -23_750) == "USD -23,750 per 1,000 decisions (assumptions of the charter)")
    #expect(Self.decision.words(per1000: 1e300) == "USD 1e+300 per 1,000 decisions (assumptions of the charter)")
    #expect(Self.decision.words(per1000: .nan).hasPrefix("USD nan"))
    #expect(Self.decision.words(per1000: 7) == "USD 7 per 1,000 decisions (assumptions of the charter)")
  }
}
