import Foundation
import MartletCore
import MartletStatistics
import Testing

@Suite("Classification metrics")
struct ClassificationTests {
  private func scored() throws -> (labels: [Bool], scores: [Double], other: [Double], expected: JSON) {
    let file = try reference("scipy_small").at("scored")
    return (file.at("labels").integers.map { $0 == 1 }, file.at("scores").numbers, file.at("other").numbers, file)
  }

  @Test("ROC AUC and average precision with ties and weights equal scikit-learn's")
  func ranking() throws {
    let (labels, scores, _, expected) = try scored()
    let ranked = try RankedScores(labels: labels, scores: scores)
    #expect(close(ranked.rocAUC, expected.at("roc_auc_score").number))
    #expect(close(ranked.averagePrecision, expected.at("average_precision_score").number))
    let weights = expected.at("weights").integers.map(UInt16.init)
    weights.withUnsafeBufferPointer {
      #expect(close(ranked.rocAUC(weights: $0), expected.at("roc_auc_score_weighted").number))
      #expect(close(ranked.averagePrecision(weights: $0), expected.at("average_precision_score_weighted").number))
    }
  }

  @Test("Brier, log loss and the confusion matrix equal scikit-learn's")
  func losses() throws {
    let (labels, scores, _, expected) = try scored()
    #expect(close(BinaryMetric.brier(labels: labels, probabilities: scores), expected.at("brier_score_loss").number))
    let clipped = scores.map { min(max($0, 0.01), 0.99) }
    #expect(
      close(BinaryMetric.logLoss(labels: labels, probabilities: clipped), expected.at("log_loss_of_clipped").number))
    let confusion = Confusion(labels: labels, scores: scores, threshold: 0.3)
    let counts = expected.at("confusion_at_0.3")
    #expect(confusion.truePositives == counts.at("tp").number && confusion.falsePositives == counts.at("fp").number)
    #expect(confusion.falseNegatives == counts.at("fn").number && confusion.trueNegatives == counts.at("tn").number)
  }

  @Test("Regression metrics equal scikit-learn's")
  func regression() throws {
    let file = try reference("scipy_small").at("regression")
    let metrics = try RegressionMetrics(truths: file.at("truth").numbers, predictions: file.at("prediction").numbers)
    #expect(close(metrics.mae, file.at("mae").number))
    #expect(close(metrics.rmse, file.at("rmse").number))
    #expect(close(metrics.r2, file.at("r2").number))
  }

  @Test("Isotonic calibration equals scikit-learn's")
  func isotonic() throws {
    let (labels, scores, _, expected) = try scored()
    let calibration = try IsotonicCalibration(labels: labels, scores: scores)
    #expect(close(expected.at("isotonic_at").numbers.map { calibration($0) }, expected.at("isotonic").numbers, 1e-6))
  }

  @Test("A calibration table holds every row, and its error is small only for honest probabilities")
  func calibration() throws {
    var generator = SeededGenerator(seed: 1)
    let p = (0..<20_000).map { _ in generator.uniform() }
    let labels = p.map { generator.uniform() < $0 }
    for binning in [CalibrationTable.Binning.width, .quantile] {
      let honest = try CalibrationTable(labels: labels, probabilities: p, binning: binning)
      let bold = try CalibrationTable(
        labels: labels, probabilities: p.map { $0 < 0.5 ? $0 / 2 : ($0 + 1) / 2 }, binning: binning)
      #expect(honest.bins.reduce(0) { $0 + $1.count } == 20_000)
      #expect(honest.expectedError < 0.02 && bold.expectedError > 0.08)
    }
    #expect(try CalibrationTable(labels: [true, false], probabilities: [1, 0]).expectedError == 0)
  }

  @Test("Lift: a perfect ranking finds all positives in their own share")
  func lift() throws {
    let table = try LiftTable(labels: (0..<100).map { $0 < 20 }, scores: (0..<100).map { 1 - Double($0) / 100 })
    #expect(table.rows[1].gain == 1 && close(table.rows[1].lift, 5) && table.rows[9].lift == 1)
  }

  @Test("One class only gives NaN, not a crash; NaN scores and unequal lengths are refused")
  func degenerate() throws {
    #expect(try RankedScores(labels: [true, true], scores: [0.1, 0.2]).rocAUC.isNaN)
    #expect(try RankedScores(labels: [], scores: []).averagePrecision.isNaN)
    #expect(throws: MartletError.self) { try RankedScores(labels: [true], scores: [.nan]) }
    #expect(throws: MartletError.self) { try RankedScores(labels: [true], scores: []) }
  }

  @Test("CBPE: expected ROC AUC and average precision equal scikit-learn's with each row as p and 1 − p")
  func estimated() throws {
    let (_, scores, _, expected) = try scored()
    let estimate = try EstimatedPerformance(probabilities: scores.map { min(max($0, 0.01), 0.99) })
    #expect(close(estimate.rocAUC, expected.at("expected_roc_auc").number))
    #expect(close(estimate.averagePrecision, expected.at("expected_average_precision").number))
  }

  @Test("CBPE of calibrated probabilities lies as near the truth as NannyML's does on its car loan chunks")
  func estimatedAgainstRealised() throws {
    let file = try reference("nannyml_car_loan")
    let chunks = zip(file.at("cbpe_car_loan_analysis").array ?? [], file.at("realized_car_loan_analysis").array ?? [])
    // The calibrated half of NannyML's data: before its drift, chunks 0 to 4.
    let nannyML = chunks.prefix(5).map { abs($0.at("roc_auc.value").number - $1.at("roc_auc.value").number) }.max() ?? 0
    #expect(nannyML > 0)
    var generator = SeededGenerator(seed: 2)
    var worst = 0.0
    for _ in 0..<5 {
      // 5000 rows with well-separated probabilities, as the car loan model's are.
      let p = (0..<5000).map { _ in 1 / (1 + exp(-5 * generator.normal())) }
      let labels = p.map { generator.uniform() < $0 }
      let realised = try RankedScores(labels: labels, scores: p).rocAUC
      worst = max(worst, abs(try EstimatedPerformance(probabilities: p).rocAUC - realised))
    }
    #expect(worst < max(nannyML, 0.006))
  }

  @Test("A bootstrap interval covers the estimate, and its width follows theory for a mean")
  func bootstrap() throws {
    var generator = SeededGenerator(seed: 9)
    let values = (0..<2000).map { _ in generator.normal() }
    let bootstrap = Bootstrap(resamples: 400, seed: 1)
    let interval = try bootstrap.interval(.mean(values))
    #expect(interval.lower < interval.estimate && interval.estimate < interval.upper)
    let theory = 2 * 1.96 * Moments(values).sampleDeviation / 2000.0.squareRoot()
    #expect(abs((interval.upper - interval.lower) / theory - 1) < 0.15)
    #expect(try bootstrap.interval(.mean(values)) == interval)
    #expect(try Bootstrap(resamples: 400, seed: 2).interval(.mean(values)) != interval)
    let slow = bootstrap.interval(rows: 2000) { rows in rows.reduce(0) { $0 + values[$1] } / 2000 }
    #expect(abs((slow.upper - slow.lower) / theory - 1) < 0.15)
  }

  @Test("A paired difference is far narrower than two intervals of similar models")
  func paired() throws {
    let (labels, scores, other, _) = try scored()
    let (a, b) = (try RankedScores(labels: labels, scores: scores), try RankedScores(labels: labels, scores: other))
    let bootstrap = Bootstrap(resamples: 300)
    let difference = try bootstrap.difference(.rocAUC(a), minus: .rocAUC(b))
    let single = try bootstrap.intervals([.rocAUC(a), .rocAUC(b)])
    #expect(difference.estimate == single[0].estimate - single[1].estimate)
    #expect(difference.upper - difference.lower < single[0].upper - single[0].lower)
    let none = try bootstrap.difference(.averagePrecision(a), minus: .averagePrecision(a))
    #expect(none.lower == 0 && none.upper == 0)
    #expect(throws: MartletError.self) { try bootstrap.difference(.rocAUC(a), minus: .mean([1])) }
  }

  @Test("Every resample draws as many rows as there are")
  func draws() throws {
    let interval = try Bootstrap(resamples: 50).interval(.mean([Double](repeating: 3, count: 101)))
    #expect(interval.lower == 3 && interval.upper == 3)
  }
}
