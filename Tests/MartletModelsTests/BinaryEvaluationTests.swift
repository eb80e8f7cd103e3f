import MartletCore
import MartletModels
import MartletStatistics
import Testing

@Suite("Evaluation")
struct BinaryEvaluationTests {
  let gains = DecisionMatrix(truePositive: 120, falsePositive: -35, falseNegative: -180, trueNegative: 0, unit: "USD")

  private func rows(_ count: Int, seed: UInt64, noise: Double = 0) -> (labels: [Bool], scores: [Double]) {
    var generator = SeededGenerator(seed: seed)
    let chances = (0..<count).map { _ in generator.uniform() }.map { $0 * $0 }
    let labels = chances.map { generator.uniform() < $0 }
    return (labels, chances.map { min(1, max(0, $0 + noise * generator.normal())) })
  }

  @Test("Metrics, intervals, slices and decision value come together and survive JSON")
  func evaluation() throws {
    let (labels, scores) = rows(1000, seed: 1)
    let parity: [String?] = (0..<1000).map { (row: Int) -> String? in row < 20 ? "small" : row % 2 == 0 ? "even" : nil }
    let found = try BinaryEvaluation(
      labels: labels, scores: scores, decision: gains, slices: ["parity": parity], bootstrap: Bootstrap(resamples: 100))
    #expect(found.rows == 1000 && found.positiveShare == Double(labels.count { $0 }) / 1000)
    for name in ["roc_auc", "pr_auc", "brier", "log_loss", "value_per_1000"] {
      let interval = try #require(found.intervals[name])
      #expect(abs(interval.estimate - (found.metrics[name] ?? .nan)) < 1e-9, "\(name)")
      #expect(interval.lower < interval.estimate && interval.estimate < interval.upper)
    }
    #expect((found.metrics["ece"] ?? 1) < 0.06)
    #expect(found.slices.map(\.value) == ["(missing)", "even", "small"])
    #expect(found.slices[2].rows == 20 && found.slices[2].metrics == nil && found.slices[1].metrics?["roc_auc"] != nil)
    let reread: BinaryEvaluation = try JSON(encoding: found).decode()
    #expect(reread.metrics.keys == found.metrics.keys && reread.slices.count == 3)
  }

  @Test("For calibrated scores the charter's threshold is nearly the best one, and beats always and never")
  func decisions() throws {
    let (labels, scores) = rows(20_000, seed: 2)
    let found = try BinaryEvaluation(labels: labels, scores: scores, decision: gains)
    #expect(abs(found.threshold - 35.0 / 335) < 1e-12)
    let value = try #require(found.metrics["value_per_1000"])
    #expect(value > found.valueAlways ?? .infinity && value > found.valueNever ?? .infinity)
    let best = try #require(found.valueAtBest)
    #expect(best >= value && best - value < 0.02 * (best - (found.valueNever ?? 0)), "\(best) \(value)")
    for threshold in stride(from: 0.0, through: 1, by: 0.05) {
      let confusion = Confusion(labels: labels, scores: scores, threshold: threshold)
      #expect(gains.valuePer1000(confusion) <= best)
    }
    let values = gains.values(labels: labels, scores: scores, threshold: found.threshold)
    #expect(abs(values.reduce(0, +) / 20 - value) < 1e-6)
  }

  @Test("Where acting never pays, nobody is acted on")
  func neverPays() throws {
    let matrix = DecisionMatrix(truePositive: -1, falsePositive: -1, falseNegative: 0, trueNegative: 0, unit: "")
    let best = try matrix.best(labels: [true, false], scores: [0.9, 0.1])
    #expect(best.threshold == .infinity && best.valuePer1000 == 0)
  }

  @Test("A clearly better model beats a noisy one at 95%, and itself not at all")
  func comparison() throws {
    let (labels, good) = rows(3000, seed: 3)
    let noisy = rows(3000, seed: 3, noise: 0.4).scores
    let bootstrap = Bootstrap(resamples: 200)
    let found = try BinaryEvaluation.differences(
      labels: labels, candidate: good, other: noisy, decision: gains, bootstrap: bootstrap)
    #expect((found["roc_auc"]?.lower ?? -1) > 0 && (found["pr_auc"]?.lower ?? -1) > 0)
    #expect((found["brier"]?.upper ?? 1) < 0 && (found["value_per_1000"]?.lower ?? -1) > 0)
    let none = try BinaryEvaluation.differences(
      labels: labels, candidate: good, other: good, decision: nil, bootstrap: bootstrap)
    #expect(none.values.allSatisfy { $0.lower == 0 && $0.upper == 0 } && none["value_per_1000"] == nil)
  }

  @Test("One outcome only, no rows, or lengths that differ are refused")
  func refused() {
    #expect(throws: MartletError.self) {
      try BinaryEvaluation(labels: [false, false], scores: [0.1, 0.2], decision: nil)
    }
    #expect(throws: MartletError.self) { try BinaryEvaluation(labels: [], scores: [], decision: nil) }
    #expect(throws: MartletError.self) { try BinaryEvaluation(labels: [true, false], scores: [0.1], decision: nil) }
    #expect(throws: MartletError.self) {
      try BinaryEvaluation(labels: [true, false], scores: [0.1, .nan], decision: nil)
    }
  }

  @Test("Regression has its errors with intervals")
  func regression() throws {
    let truths: [Double] = (0..<100).map { Double($0) }
    let predictions: [Double] = (0..<100).map { (row: Int) -> Double in row % 2 == 0 ? truths[row] + 1 : truths[row] - 2
    }
    let found = try RegressionEvaluation(truths: truths, predictions: predictions, bootstrap: Bootstrap(resamples: 50))
    #expect(found.metrics.mae == 1.5 && found.intervals["mae"]?.estimate == 1.5)
  }
}
