import Foundation
import MartletCore
import MartletEngines
import MartletJobs
import MartletModels
import MartletStatistics

/// Trains one candidate on a time-ordered table, in a child process: the first rows fit, the last rows validate.
struct TrialJob: Codable, Sendable {
  static let kind = "training.trial"

  /// What the candidate is.
  enum Candidate: Codable, Sendable, Hashable {
    case lightgbm(parameters: [String: JSON], rounds: Int, earlyStopping: Int)
    /// The training rows' positive share for every row.
    case constant
    /// The positive share by the value of one column, in ten bins.
    case oneFeature(String)
  }

  var table: String
  var inputs: TrainingInputs
  /// Columns that sort the rows, the first in time.
  var order: [String]
  var preparation: PreparationSpec
  var candidate: Candidate
  /// Share of the rows, from the end, that validates.
  var validationShare: Double
  var decision: DecisionMatrix?
  var seed: UInt64
  /// Folder that the table lies in.
  var folder: String
  /// Folder that receives the model package.
  var output: String
  var runID: RunID

  struct Outcome: Codable, Sendable {
    /// On the validating rows, as `BinaryEvaluation` names them.
    var metrics: [String: Double]
    /// The validating rows' log loss after each round; empty for baselines.
    var history: [Double]
    var bestRound: Int
    var rows: Int
    var validationRows: Int
    var seconds: Double
    /// Columns by their share of the total gain, largest first.
    var importance: [Importance]
  }

  struct Importance: Codable, Sendable, Hashable {
    var column: String
    var share: Double
  }

  static let handler = JobHandler(kind) { (job: TrialJob, context: JobContext) throws -> Outcome in
    let clock = ContinuousClock()
    let start = clock.now
    let table = try TrainingTable.read(
      job.table, inputs: job.inputs, order: job.order, folders: [job.folder], context: context)
    let (fitting, validating) = try table.split(at: Int(Double(table.rowCount) * (1 - job.validationShare)))
    guard Set(fitting.labels).count == 2, Set(validating.labels).count == 2 else {
      throw MartletError.invalidInput(
        "the label '\(job.inputs.label)' has only one value in the rows to fit or to validate",
        fix: "train on a longer window")
    }
    var (package, outcome) = try job.train(fitting, validating, context)
    package.examples = try package.recordedExamples(from: validating.frame)
    try package.write(to: job.output, runID: job.runID, created: WallClock.system.now)
    let evaluation = try BinaryEvaluation(
      labels: validating.labels.map { $0 > 0.5 }, scores: try package.predict(validating.frame), decision: job.decision)
    outcome.metrics = evaluation.metrics
    outcome.seconds = (clock.now - start).inSeconds
    return outcome
  }

  private func train(_ fitting: TrainingTable, _ validating: TrainingTable, _ context: JobContext) throws
    -> (ModelPackage, Outcome)
  {
    let (preparation, matrix) = try FittedPreparation.fit(
      preparation, frame: fitting.frame, columns: inputs.columns, labels: fitting.labels, seed: seed)
    var outcome = Outcome(
      metrics: [:], history: [], bestRound: 0, rows: fitting.rowCount, validationRows: validating.rowCount, seconds: 0,
      importance: [])
    var text: String?
    let estimator: Estimator
    switch candidate {
    case .constant: estimator = .constant(fitting.labels.reduce(0, +) / Double(fitting.rowCount))
    case .oneFeature(let column):
      estimator = try Self.binned(column, preparation.outputs, matrix, fitting.labels)
    case .lightgbm(let parameters, let rounds, let earlyStopping):
      let model = try lightGBM(parameters, rounds, earlyStopping, preparation, matrix, fitting, validating, context)
      let ensemble = try TreeEnsemble(lightGBMText: model.text)
      outcome.history = model.history.compactMap { $0.validation["binary_logloss"] }
      outcome.bestRound = model.bestRound
      outcome.importance = Self.importance(ensemble, preparation.outputs)
      text = model.text
      estimator = .trees(ensemble)
    }
    let package = try ModelPackage(
      signature: try ModelSignature(inferredFrom: fitting.frame, columns: inputs.requestColumns),
      features: inputs.features, preparation: preparation, estimator: estimator, modelText: text)
    return (package, outcome)
  }

  private func lightGBM(
    _ parameters: [String: JSON], _ rounds: Int, _ earlyStopping: Int, _ preparation: FittedPreparation,
    _ matrix: Matrix, _ fitting: TrainingTable, _ validating: TrainingTable, _ context: JobContext
  ) throws -> LightGBMModel {
    let pinned: [String: String] = [
      "objective": "binary", "metric": "binary_logloss", "num_threads": "1", "deterministic": "true",
      "force_row_wise": "true", "seed": String(seed), "bagging_freq": "1", "verbosity": "-1",
    ]
    let validation = try preparation.matrix(from: validating.frame)
    func data(_ matrix: Matrix, _ labels: [Double]) -> LightGBMData {
      LightGBMData(
        values: matrix.values, rows: matrix.rows, columns: matrix.columns, labels: labels.map(Float.init),
        featureNames: Self.safeNames(preparation.outputs), categorical: [])
    }
    return try LightGBM.load(engines: EngineFolder(context.engines)).train(
      parameters: pinned.merging(parameters.mapValues { $0.string ?? $0.text }) { fixed, _ in fixed },
      training: data(matrix, fitting.labels), validation: data(validation, validating.labels), rounds: rounds,
      earlyStopping: EarlyStopping(metric: "binary_logloss", patience: earlyStopping)
    ) { round in
      context.progress(Double(round.round) / Double(rounds), "round \(round.round)")
      try context.checkCancellation()
    }
  }

  /// LightGBM writes names into its text format, which blanks and JSON's special characters would break.
  private static func safeNames(_ names: [String]) -> [String] {
    names.enumerated().map { index, name in
      name.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95 }
        ? name : "column_\(index)"
    }
  }

  private static func importance(_ ensemble: TreeEnsemble, _ names: [String]) -> [Importance] {
    let total = max(ensemble.gains.reduce(0, +), .leastNonzeroMagnitude)
    return zip(names, ensemble.gains).map { Importance(column: $0, share: $1 / total) }
      .sorted { ($1.share, $0.column) < ($0.share, $1.column) }
  }

  /// The positive share in each decile of one prepared column.
  private static func binned(_ column: String, _ names: [String], _ matrix: Matrix, _ labels: [Double]) throws
    -> Estimator
  {
    guard let place = names.firstIndex(of: column) else {
      throw MartletError.invalidInput(
        "the baseline's column '\(column)' is not among the model's\(didYouMean(column, among: names))")
    }
    let values = (0..<matrix.rows).map { matrix[$0, place] }
    let cuts = Quantile.values(of: values.filter { !$0.isNaN }, at: (1...9).map { Double($0) / 10 })
    let edges = cuts.reduce(into: [Double]()) { if !$1.isNaN, $0.last != $1 { $0.append($1) } }
    var sums = [(positives: Double, count: Double)](repeating: (0, 0), count: edges.count + 2)
    for (value, label) in zip(values, labels) {
      let bin = value.isNaN ? edges.count + 1 : edges.count { $0 <= value }
      sums[bin].positives += label
      sums[bin].count += 1
    }
    let prior = labels.reduce(0, +) / Double(labels.count)
    let rates = sums.map { ($0.positives + prior) / ($0.count + 1) }
    return .binned(column: place, edges: edges, rates: Array(rates.dropLast()), missing: rates[edges.count + 1])
  }
}
