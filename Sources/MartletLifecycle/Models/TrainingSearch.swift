import Foundation
import MartletArtifacts
import MartletCore
import MartletJobs
import MartletModels
import MartletPipelines
import MartletRegistry
import MartletTracking
import MartletTuning

/// Trains baselines and a search over an engine's parameters; every candidate is a run that any MLflow client can read.
struct TrainingSearch: Sendable {
  let artifacts: ArtifactStore
  let jobs: JobRunner
  let tracker: ExperimentTracker
  let author: Author
  let experiment: ExperimentID
  /// Written on every run: project, pipeline run, code and data versions.
  let tags: [KeyValue]
  /// Where candidates are worked on.
  let scratch: String
  let log: @Sendable (String) -> Void

  static let rounds = 400
  static let earlyStopping = 25

  struct Request: Sendable {
    var name: String
    var step: TrainStep
    var inputs: TrainingInputs
    var order: [String]
    var table: Digest
    var decision: DecisionMatrix?
    var dataVersions: [String: String]
  }

  func run(_ request: Request) async throws -> TrainedModel {
    let parent = try await tracker.createRun(
      NewRun(experiment: experiment, name: request.name, user: author.name, tags: tags), by: author)
    do {
      let trained = try await search(request, parent.info.id)
      try await tracker.endRun(parent.info.id, as: .finished, by: author)
      return trained
    } catch {
      try? await tracker.endRun(parent.info.id, as: .failed, by: author)
      throw error
    }
  }

  private func search(_ request: Request, _ parent: RunID) async throws -> TrainedModel {
    let tune = request.step.tune
    let seed = tune?.seed ?? 7
    var baselines: [TrainedModel.Baseline] = []
    for baseline in request.step.baselines {
      let (name, candidate) = Self.candidate(baseline)
      let trial = try await trial(name, candidate, request, seed, parent)
      log("\(name): \(Self.described(trial.outcome.metrics))")
      baselines.append(.init(name: name, run: trial.run, files: trial.files, metrics: trial.outcome.metrics))
    }
    var study = try Study(
      space: try SearchSpace(tune?.space), trials: tune?.trials ?? 1, batch: tune?.batch ?? 1, seed: seed,
      sampler: try .named(tune?.sampler ?? SamplerKind.tpe.rawValue))
    let metric = tune?.metric ?? "pr_auc"
    let results = TrialResults()
    let trials = try await study.run { suggestion in
      let parameters = suggestion.parameters.merging(request.step.parameters) { _, fixed in fixed }
      let done = try await results.keeping(suggestion.number) {
        try await trial(
          "trial \(suggestion.number + 1)",
          .lightgbm(parameters: parameters, rounds: Self.rounds, earlyStopping: Self.earlyStopping), request, seed,
          parent)
      }
      log("trial \(suggestion.number + 1): \(Self.described(done.outcome.metrics))")
      guard let value = done.outcome.metrics[metric] else {
        throw MartletError.invalidInput(
          "tune.metric '\(metric)' is not measured\(didYouMean(metric, among: done.outcome.metrics.keys))")
      }
      return ["brier", "log_loss", "ece"].contains(metric) ? value : -value
    }
    guard let best = study.best, let winner = await results[best.number] else {
      throw MartletError(
        .checkFailed, "all \(trials.count) trials of the search failed", cause: await results.lastFailure,
        fix: "look at the failed runs of the experiment")
    }
    try await show(winner, best, parent)
    return TrainedModel(
      run: parent, files: winner.files, metrics: winner.outcome.metrics, parameters: best.parameters,
      importance: winner.outcome.importance, inputs: request.inputs, order: request.order, table: request.table,
      seed: seed, dataVersions: request.dataVersions, baselines: baselines)
  }

  struct Trial: Sendable {
    var run: RunID
    var files: [ModelFile]
    var outcome: TrialJob.Outcome
  }

  /// Trains one candidate as a nested run: parameters, metrics with their history, and the model as artifacts.
  private func trial(
    _ name: String, _ candidate: TrialJob.Candidate, _ request: Request, _ seed: UInt64, _ parent: RunID
  ) async throws -> Trial {
    let nested = [KeyValue("mlflow.parentRunId", parent.text)]
    let run = try await tracker.createRun(
      NewRun(experiment: experiment, name: name, user: author.name, tags: tags + nested), by: author)
    do {
      let trial = try await train(candidate, request, seed, run.info.id)
      try await record(trial, candidate)
      try await tracker.endRun(run.info.id, as: .finished, by: author)
      return trial
    } catch {
      try? await tracker.setTag(
        KeyValue("martlet.error", MartletError(error, doing: "training failed").description), on: run.info.id)
      try? await tracker.endRun(run.info.id, as: .failed, by: author)
      log("\(name) failed: \(MartletError(error, doing: "training failed"))")
      throw error
    }
  }

  private func train(_ candidate: TrialJob.Candidate, _ request: Request, _ seed: UInt64, _ run: RunID) async throws
    -> Trial
  {
    try await withScratch(in: scratch) { folder in
      let table = try await artifacts.path(of: request.table)
      let job = TrialJob(
        table: table, inputs: request.inputs, order: request.order, preparation: try request.step.preparation,
        candidate: candidate, validationShare: 0.2, decision: request.decision, seed: seed, folder: artifacts.root,
        output: folder, runID: run)
      let outcome = try await jobs.run(TrialJob.kind, job, returning: TrialJob.Outcome.self)
      let files = try await ModelFolder(artifacts: artifacts).store(folder)
      return Trial(run: run, files: files, outcome: outcome)
    }
  }

  private func record(_ trial: Trial, _ candidate: TrialJob.Candidate) async throws {
    let now = WallClock.system.now.milliseconds
    var params = [KeyValue("candidate", candidate.name)]
    if case .lightgbm(let parameters, _, _) = candidate {
      params += parameters.sorted { $0.key < $1.key }.map { KeyValue($0.key, $0.value.string ?? $0.value.text) }
    }
    let history = trial.outcome.history.enumerated().map { round, loss in
      Metric(key: "validation_log_loss", value: loss, timestamp: now, step: Int64(round))
    }
    var metrics = trial.outcome.metrics.map { Metric(key: $0.key, value: $0.value, timestamp: now) }
    metrics.append(Metric(key: "best_round", value: Double(trial.outcome.bestRound), timestamp: now))
    metrics.append(Metric(key: "train_seconds", value: trial.outcome.seconds, timestamp: now))
    try await tracker.logBatch(trial.run, metrics: history + metrics, params: params)
    for file in trial.files {
      try await tracker.putArtifact("model/\(file.path)", of: trial.run, digest: file.digest, size: file.size)
    }
  }

  /// Puts the winner's parameters, metrics and model on the parent run.
  private func show(_ winner: Trial, _ best: Study.Trial, _ parent: RunID) async throws {
    let now = WallClock.system.now.milliseconds
    try await tracker.logBatch(
      parent, metrics: winner.outcome.metrics.map { Metric(key: $0.key, value: $0.value, timestamp: now) },
      params: best.parameters.sorted { $0.key < $1.key }.map { KeyValue($0.key, $0.value.string ?? $0.value.text) },
      tags: [KeyValue("martlet.best_run", winner.run.text)])
    for file in winner.files {
      try await tracker.putArtifact("model/\(file.path)", of: parent, digest: file.digest, size: file.size)
    }
  }

  private static func candidate(_ baseline: BaselineSection) -> (String, TrialJob.Candidate) {
    switch baseline {
    case .constant: ("baseline constant", .constant)
    case .feature(let column): ("baseline \(column)", .oneFeature(column))
    }
  }

  private static func described(_ metrics: [String: Double]) -> String {
    ["roc_auc", "pr_auc", "brier"].compactMap { name in
      metrics[name].map { "\(name) \(($0 * 10_000).rounded() / 10_000)" }
    }.joined(separator: ", ")
  }
}

/// Finished trials by their number, while others of their batch still run.
private actor TrialResults {
  private var trials: [Int: TrainingSearch.Trial] = [:]
  private(set) var lastFailure: String?

  /// Runs one trial and keeps it, or the reason why it failed.
  nonisolated func keeping(_ number: Int, _ body: @Sendable () async throws -> TrainingSearch.Trial) async throws
    -> TrainingSearch.Trial
  {
    do {
      let trial = try await body()
      await keep(trial, at: number)
      return trial
    } catch {
      await fail(MartletError(error, doing: "training failed").description)
      throw error
    }
  }

  private func keep(_ trial: TrainingSearch.Trial, at number: Int) { trials[number] = trial }
  private func fail(_ reason: String) { lastFailure = reason }

  subscript(number: Int) -> TrainingSearch.Trial? { trials[number] }
}

extension TrialJob.Candidate {
  var name: String {
    switch self {
    case .lightgbm: "lightgbm"
    case .constant: "constant"
    case .oneFeature(let column): "one feature: \(column)"
    }
  }
}

extension TrainStep {
  /// The preparation in the words of `MartletModels`.
  var preparation: PreparationSpec {
    get throws {
      PreparationSpec(
        try prepare.map { section in
          guard let kind = PreparationSpec.Kind(rawValue: section.operation) else {
            throw MartletError.invalidInput(
              "prepare cannot be '\(section.operation)'\(didYouMean(section.operation, among: PreparationSpec.Kind.allCases.map(\.rawValue)))"
            )
          }
          return PreparationSpec.Operation(kind, method: section.method, columns: section.columns)
        })
    }
  }
}

extension SearchSpace {
  /// What the project file varies; LightGBM's own search where it names nothing.
  init(_ sections: [SpaceSection]?) throws {
    guard let sections else {
      self = try .lightGBM()
      return
    }
    try self.init(
      sections.map { section in
        guard let range = section.range else { return Dimension(section.name, .choice(section.values ?? [])) }
        return Dimension(
          section.name,
          range.isWhole
            ? .whole(from: Int64(range.from), to: Int64(range.to), log: range.isLog)
            : .real(from: range.from, to: range.to, log: range.isLog))
      })
  }
}
