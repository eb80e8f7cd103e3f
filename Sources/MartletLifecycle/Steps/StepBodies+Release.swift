import MartletArtifacts
import MartletCore
import MartletGovernance
import MartletModels
import MartletPipelines
import MartletRegistry
import MartletServing
import MartletTracking

extension StepBodies {
  /// Judges a gate on what the evaluations before it found; the step fails when a line does not hold.
  func gate(_ gate: GateStep, _ context: StepContext) async throws -> StepResult {
    guard let step = gate.evaluations.first else {
      throw MartletError.invalidInput("the gate '\(gate.gate)' has no evaluation to judge")
    }
    let evaluation = try value(StepOutputName(step: step, output: "evaluation"), context, as: Evaluation.self)
    let result = try Gate.evaluate(gate.gate, lines: gate.lines, facts: GateFacts(evaluation))
    for line in result.lines { context.log("\(line.state.rawValue): \(line.text) (\(line.explanation))") }
    try await platform.gates.record(
      result, on: "run:\(evaluation.run)", of: context.project, by: context.author, at: context.now)
    try result.requirePassed()
    return StepResult(
      ["result": StepOutput(value: try JSON(encoding: result))], summary: "\(result.lines.count) lines hold")
  }

  /// Makes the trained model a version, with everything needed to know where it came from.
  func register(_ register: RegisterStep, _ context: StepContext) async throws -> StepResult {
    let trained = try value(register.model, context, as: TrainedModel.self)
    let evaluation = try await evaluation(of: trained.run, context)
    var files = trained.files
    if let evaluation { files.append(try await referenceFile(evaluation)) }
    let lineage = try await lineage(of: trained, evaluation, context)
    let package = try await withScratch(in: platform.scratch) { folder in
      try await ModelFolder(artifacts: platform.artifacts).lay(out: trained.files, in: folder)
      return try ModelPackage.load(from: folder)
    }
    let version = try await platform.registry.createVersion(
      NewModelVersion(
        model: register.name, source: "runs:/\(trained.run)/model", run: trained.run, files: files,
        signature: [
          "inputs": try JSON(encoding: package.signature.inputs),
          "outputs": try JSON(encoding: package.signature.outputs),
        ],
        inputExample: package.examples.first.map { .object($0.row) }, lineage: lineage,
        metrics: evaluation?.candidate.metrics ?? trained.metrics, project: context.project), by: context.author,
      claim: ProjectClaim(project: context.project).model)
    context.log("registered \(version.id)")
    return StepResult(
      [
        "version": StepOutput(value: [
          "model": .string(version.id.model.text), "version": .integer(Int64(version.id.version)),
        ])
      ],
      summary: version.id.description)
  }

  private func evaluation(of run: RunID, _ context: StepContext) async throws -> Evaluation? {
    do {
      let file = try await platform.tracker.artifact("evaluation.json", of: run)
      return try JSON.parse(try await platform.artifacts.read(file.digest)).decode()
    } catch let error as MartletError where error.code == .notFound {
      return nil
    }
  }

  /// The training rows that monitors compare with travel with the model.
  private func referenceFile(_ evaluation: Evaluation) async throws -> ModelFile {
    let path = try await platform.artifacts.path(of: evaluation.reference)
    let blob = try await platform.artifacts.put(file: path)
    return ModelFile(path: Self.referenceName, digest: evaluation.reference, size: Int64(blob.size))
  }

  static let referenceName = "reference.parquet"

  private func lineage(of trained: TrainedModel, _ evaluation: Evaluation?, _ context: StepContext) async throws -> JSON
  {
    let facts = try await ModelHistory(platform: platform).lineage(of: trained, context)
    var members = try JSON(encoding: facts).object ?? [:]
    members["importance"] = try JSON(encoding: trained.importance)
    if let evaluation { members["evaluation"] = try JSON(encoding: evaluation) }
    return .object(members)
  }

  /// Brings a version to an endpoint; the rungs after the first are climbed by the event clock.
  func deploy(_ deploy: DeployStep, _ context: StepContext) async throws -> StepResult {
    guard let value = context.inputs[deploy.version]?.value, let model = value["model"]?.string,
      let number = value["version"]?.integer
    else { throw MartletError(.internalError, "the input '\(deploy.version)' is not a model version") }
    let id = ModelVersionID(model: ModelName(model), version: Int(number))
    let deployment = try await Release(platform: platform).start(
      id, on: deploy.endpoint, project: context.project, by: context.author, at: context.now)
    context.log(
      "\(id) on \(deploy.endpoint): \(deployment.status.rawValue), \(Int(deployment.share * 100)) % of the traffic")
    return StepResult(
      ["deployment": StepOutput(value: .string(deployment.id.text))],
      summary: "\(id) on \(deploy.endpoint), \(Int(deployment.share * 100)) %")
  }
}

extension GateFacts {
  /// What a gate can ask of an evaluation.
  init(_ evaluation: Evaluation) {
    let slices = Dictionary(grouping: evaluation.candidate.slices, by: \.column).mapValues { slices in
      slices.map { Slice(value: $0.value, metrics: $0.metrics) }
    }
    self.init(
      candidate: evaluation.candidate.metrics, champion: evaluation.champion?.metrics,
      baseline: evaluation.bestBaseline?.metrics, slices: slices, intervals: evaluation.candidate.intervals,
      differences: evaluation.paired.map { [.champion: $0] } ?? [:])
  }
}
