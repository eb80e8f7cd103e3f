import Foundation
import MartletCore
import MartletEngines
import MartletJobs
import MartletModels
import MartletStatistics

/// Scores one table with several models and measures them on the same rows, in a child process.
struct EvaluationJob: Codable, Sendable {
  static let kind = "training.evaluate"

  struct Model: Codable, Sendable {
    /// `candidate`, `champion`, or a baseline's name.
    var name: String
    var folder: String
  }

  var table: String
  var inputs: TrainingInputs
  var order: [String]
  var models: [Model]
  var slices: [String]
  var decision: DecisionMatrix?
  var bootstrap: Bool
  var seed: UInt64
  /// The rows that the candidate was trained on, for the reference that monitors compare with.
  var trainingTable: String
  /// Folders of the tables, and the one that the reference is written to.
  var folders: [String]
  var reference: String

  struct Outcome: Codable, Sendable {
    var evaluations: [String: BinaryEvaluation]
    /// candidate − champion on the same rows; nil without a champion.
    var paired: [String: Interval]?
    var referenceRows: Int
  }

  static let handler = JobHandler(kind) { (job: EvaluationJob, context: JobContext) throws -> Outcome in
    try job.run(context)
  }

  private func run(_ context: JobContext) throws -> Outcome {
    let packages = try models.map { (name: $0.name, package: try ModelPackage.load(from: $0.folder)) }
    let extra = slices + packages.flatMap { $0.package.fields.map(\.name) }
    let table = try TrainingTable.read(
      table, inputs: inputs, order: order, extra: Array(Set(extra)).sorted(), folders: folders, context: context)
    let labels = table.labels.map { $0 > 0.5 }
    let sliceValues = Dictionary(uniqueKeysWithValues: try slices.map { ($0, try table.frame.texts($0)) })
    let draws = bootstrap ? Bootstrap(resamples: 200, seed: seed) : nil
    var scores: [String: [Double]] = [:]
    var evaluations: [String: BinaryEvaluation] = [:]
    for (index, (name, package)) in packages.enumerated() {
      context.progress(Double(index) / Double(packages.count), "measuring \(name)")
      let predicted = try package.predict(table.frame)
      scores[name] = predicted
      evaluations[name] = try BinaryEvaluation(
        labels: labels, scores: predicted, decision: decision, slices: name == "candidate" ? sliceValues : [:],
        bootstrap: name == "candidate" ? draws : nil)
    }
    var paired: [String: Interval]?
    if let candidate = scores["candidate"], let champion = scores["champion"] {
      paired = try BinaryEvaluation.differences(
        labels: labels, candidate: candidate, other: champion, decision: decision,
        bootstrap: Bootstrap(resamples: 200, seed: seed))
    }
    let rows = try writeReference(packages.first { $0.name == "candidate" }?.package, context)
    return Outcome(evaluations: evaluations, paired: paired, referenceRows: rows)
  }

  /// At most 20,000 training rows, evenly spaced in time, with the candidate's score.
  private func writeReference(_ package: ModelPackage?, _ context: JobContext) throws -> Int {
    guard let package else { return 0 }
    let training = try TrainingTable.read(
      trainingTable, inputs: inputs, order: order, folders: folders, context: context)
    let stride = max(1, training.rowCount / 20_000)
    let sample = try training.frame.rows(Array(Swift.stride(from: 0, to: training.rowCount, by: stride)))
    let database = try DuckDB.open(engines: EngineFolder(context.engines), allowedDirectories: folders)
    let frame = try Frame(sample.columns + [Frame.Column("score", .double(try package.predict(sample)))])
    try database.createTable("reference", from: frame)
    try database.execute("COPY reference TO \(SQLText.literal(reference)) (FORMAT parquet, COMPRESSION zstd)")
    return frame.rowCount
  }
}
