import MartletCore
import MartletEngines
package import MartletJobs
package import MartletModels
import MartletStatistics

/// Measures one window of served predictions against the reference, in a child process.
package struct WindowJob: Codable, Sendable {
  package static let kind = "monitoring.window"

  /// Parquet of the window's predictions: the model's inputs, `score`, `version`, `latency_us`, and `outcome` where it
  /// is known.
  package var predictions: String
  /// Parquet of the reference: the same inputs and `score`, for rows the model was trained on.
  package var reference: String
  /// Folders that the two files lie in.
  package var folders: [String]
  /// Inputs to compare; those that a side lacks are left out.
  package var columns: [String]
  package var decision: DecisionMatrix?
  package var withQuality: Bool
  package var seed: UInt64

  package init(
    predictions: String, reference: String, folders: [String], columns: [String], decision: DecisionMatrix?,
    withQuality: Bool, seed: UInt64
  ) {
    self.predictions = predictions
    self.reference = reference
    self.folders = folders
    self.columns = columns
    self.decision = decision
    self.withQuality = withQuality
    self.seed = seed
  }

  package static let handler = JobHandler(kind) { (job: WindowJob, context: JobContext) throws -> WindowMeasures in
    let database = try DuckDB.open(engines: EngineFolder(context.engines), allowedDirectories: job.folders)
    func read(_ file: String) throws -> Frame {
      try database.query("SELECT * FROM read_parquet(\(SQLText.literal(file)))")
    }
    return try job.measure(try read(job.predictions), try read(job.reference))
  }

  func measure(_ window: Frame, _ reference: Frame) throws -> WindowMeasures {
    let shared = columns.filter { window[$0] != nil && reference[$0] != nil }
    let scores = try window.numbers("score")
    let latencies = try window.numbers("latency_us").filter { !$0.isNaN }
    let versions = try window.texts("version").compactMap(\.self).reduce(into: [String: Int]()) {
      $0[$1, default: 0] += 1
    }
    let percentiles = latencies.isEmpty ? [0, 0] : Quantile.values(of: latencies, at: [0.5, 0.99])
    return WindowMeasures(
      rows: window.rowCount, rowsByVersion: versions,
      columns: try shared.compactMap { try Self.drift($0, window, reference) },
      prediction: try Self.drift("score", window, reference),
      service: ServiceMeasures(
        latencyP50Milliseconds: percentiles[0] / 1000, latencyP99Milliseconds: percentiles[1] / 1000,
        notFinite: scores.count { !$0.isFinite }),
      quality: withQuality ? try quality(window, scores) : nil)
  }

  /// Nil where a side has no value to compare.
  private static func drift(_ column: String, _ window: Frame, _ reference: Frame) throws -> ColumnDrift? {
    if case .text? = reference[column] { return try categoryDrift(column, window, reference) }
    if case .text? = window[column] { return nil }
    let current = NumericSample(try window.numbers(column))
    let before = NumericSample(try reference.numbers(column))
    guard !current.isEmpty, !before.isEmpty else {
      return ColumnDrift(
        column: column, psi: 0, test: "none", statistic: 0, threshold: 1, missingShare: current.missingShare,
        referenceMissingShare: before.missingShare)
    }
    let result = try DriftTest().compare(reference: before, current: current)
    return ColumnDrift(
      column: column, psi: try DriftTest(.psi).compare(reference: before, current: current).statistic,
      test: result.measure.rawValue, statistic: result.statistic, threshold: result.threshold,
      missingShare: current.missingShare, referenceMissingShare: before.missingShare, mean: current.mean,
      referenceMean: before.mean)
  }

  private static func categoryDrift(_ column: String, _ window: Frame, _ reference: Frame) throws -> ColumnDrift? {
    func counts(_ frame: Frame) throws -> (counts: [String: Double], missing: Double, total: Double) {
      let texts = try frame.texts(column)
      let present = texts.compactMap(\.self).reduce(into: [String: Double]()) { $0[$1, default: 0] += 1 }
      return (present, Double(texts.count { $0 == nil }), Double(max(1, texts.count)))
    }
    let (current, before) = (try counts(window), try counts(reference))
    guard !current.counts.isEmpty, !before.counts.isEmpty else { return nil }
    let result = try DriftTest().compare(reference: before.counts, current: current.counts)
    let unseen = current.counts.filter { before.counts[$0.key] == nil }.values.reduce(0, +)
    return ColumnDrift(
      column: column, psi: try DriftTest(.psi).compare(reference: before.counts, current: current.counts).statistic,
      test: result.measure.rawValue, statistic: result.statistic, threshold: result.threshold,
      missingShare: current.missing / current.total, referenceMissingShare: before.missing / before.total,
      unseenShare: unseen / current.total)
  }

  private func quality(_ window: Frame, _ scores: [Double]) throws -> QualityMeasures? {
    let outcomes = try window.numbers("outcome")
    let rows = outcomes.indices.filter { !outcomes[$0].isNaN && scores[$0].isFinite }
    let labels = rows.map { outcomes[$0] > 0.5 }
    guard labels.contains(true), labels.contains(false) else { return nil }
    let evaluation = try BinaryEvaluation(
      labels: labels, scores: rows.map { scores[$0] }, decision: decision,
      bootstrap: Bootstrap(resamples: 100, seed: seed))
    return QualityMeasures(
      labelled: rows.count, positiveShare: evaluation.positiveShare, metrics: evaluation.metrics,
      intervals: evaluation.intervals.mapValues { [$0.lower, $0.upper] })
  }
}
