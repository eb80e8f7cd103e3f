import MartletArtifacts
import MartletCore
import MartletJobs
import MartletModels
import MartletPipelines
import MartletRegistry
import MartletTracking

extension StepBodies {
  /// The alias of the version that is live, which a candidate is compared with.
  static let championAlias = "champion"

  /// Measures candidate, baselines and champion on the same rows, none of which the candidate was trained on.
  func evaluate(_ evaluate: EvaluateStep, _ context: StepContext) async throws -> StepResult {
    let trained = try value(evaluate.model, context, as: TrainedModel.self)
    let champion = try await champion(for: evaluate.model, context)
    let evaluation = try await withScratch(in: platform.scratch) { folder in
      let models = try await layOut(trained, champion, in: folder)
      let reference = "\(folder)/reference.parquet"
      let job = EvaluationJob(
        table: try await table(evaluate.table, context).path, inputs: trained.inputs, order: trained.order,
        models: models,
        slices: evaluate.slices, decision: DecisionMatrix(context.file.charter), bootstrap: evaluate.bootstrap,
        seed: trained.seed, trainingTable: try await platform.artifacts.path(of: trained.table),
        folders: [platform.artifacts.root, folder], reference: reference)
      let outcome = try await platform.jobs.run(EvaluationJob.kind, job, returning: EvaluationJob.Outcome.self)
      let blob = try await platform.artifacts.put(file: reference)
      return try self.evaluation(outcome, trained, champion?.id, reference: blob.digest)
    }
    try await record(evaluation, context)
    return StepResult(
      [
        "evaluation": StepOutput(value: try JSON(encoding: evaluation), blobs: [evaluation.reference]),
        "metrics": StepOutput(value: .object(evaluation.candidate.metrics.mapValues(JSON.double))),
      ], summary: Self.short(evaluation.candidate.metrics))
  }

  private func layOut(_ trained: TrainedModel, _ champion: ModelVersion?, in folder: String) async throws
    -> [EvaluationJob.Model]
  {
    var models = [(name: "candidate", files: trained.files)]
    models += trained.baselines.map { (name: $0.name, files: $0.files) }
    if let champion { models.append((name: "champion", files: champion.files)) }
    var laidOut: [EvaluationJob.Model] = []
    for (index, model) in models.enumerated() {
      let place = "\(folder)/model-\(index)"
      try await ModelFolder(artifacts: platform.artifacts).lay(out: model.files, in: place)
      laidOut.append(EvaluationJob.Model(name: model.name, folder: place))
    }
    return laidOut
  }

  private func evaluation(
    _ outcome: EvaluationJob.Outcome, _ trained: TrainedModel, _ champion: ModelVersionID?, reference: Digest
  ) throws -> Evaluation {
    guard let candidate = outcome.evaluations["candidate"] else {
      throw MartletError(.internalError, "the evaluation has no candidate")
    }
    let baselines = trained.baselines.reduce(into: [String: BinaryEvaluation]()) {
      $0[$1.name] = outcome.evaluations[$1.name]
    }
    return Evaluation(
      run: trained.run, rows: candidate.rows, candidate: candidate, baselines: baselines,
      champion: outcome.evaluations["champion"], championVersion: champion, paired: outcome.paired, reference: reference
    )
  }

  /// The live version of the model that a later step registers this one as.
  private func champion(for model: StepOutputName, _ context: StepContext) async throws -> ModelVersion? {
    let names = context.file.steps.compactMap { step -> ModelName? in
      if case .register(let register) = step.work, register.model == model { register.name } else { nil }
    }
    guard let name = names.first else { return nil }
    do {
      return try await platform.registry.findVersion(of: name, alias: Self.championAlias)
    } catch let error as MartletError where error.code == .notFound {
      return nil
    }
  }

  /// Shows the results on the run, where any MLflow client finds them.
  private func record(_ evaluation: Evaluation, _ context: StepContext) async throws {
    let now = platform.clock.now.milliseconds
    let metrics = evaluation.candidate.metrics.filter { $0.value.isFinite }.map {
      Metric(key: "test_\($0.key)", value: $0.value, timestamp: now)
    }
    try await platform.tracker.logBatch(evaluation.run, metrics: metrics)
    let blob = try await platform.artifacts.put(bytes: try JSON(encoding: evaluation).bytes)
    try await platform.tracker.putArtifact(
      "evaluation.json", of: evaluation.run, digest: blob.digest, size: Int64(blob.size), mediaType: "application/json")
    context.log("candidate: \(Self.short(evaluation.candidate.metrics))")
    for (name, baseline) in evaluation.baselines.sorted(by: { $0.key < $1.key }) {
      context.log("\(name): \(Self.short(baseline.metrics))")
    }
    if let champion = evaluation.champion, let version = evaluation.championVersion {
      context.log("champion \(version): \(Self.short(champion.metrics))")
    }
  }
}
