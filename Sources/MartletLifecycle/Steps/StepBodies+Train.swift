import MartletCore
import MartletModels
import MartletPipelines
import MartletTracking

extension StepBodies {
  /// Trains baselines and a search; the best candidate is the step's model.
  func train(_ step: StepDefinition, _ train: TrainStep, _ context: StepContext) async throws -> StepResult {
    guard train.engines == ["lightgbm"] else {
      throw MartletError.invalidInput(
        "the engines \(train.engines.joined(separator: ", ")) are not there yet", fix: "use engines: [lightgbm]")
    }
    let table = try await table(train.table, context)
    let joined = try value(train.table, context, as: JoinedTable.self)
    let label = try train.label.text(context.params)
    let ignored = Set(train.ignore + [label])
    let inputs = TrainingInputs(
      label: label, requestColumns: joined.columns.filter { $0.view == nil && !ignored.contains($0.name) }.map(\.name),
      features: joined.views)
    let experiment = try await platform.tracker.ensureExperiment(
      of: context.project, by: context.author, claim: ProjectClaim(project: context.project).experiment)
    let search = TrainingSearch(
      artifacts: platform.artifacts, jobs: platform.jobs, tracker: platform.tracker, author: context.author,
      experiment: experiment, tags: tags(context), scratch: platform.scratch, log: context.log)
    let order = [joined.time].compactMap(\.self) + train.ignore.filter { $0 != joined.time }
    let trained = try await search.run(
      TrainingSearch.Request(
        name: "\(step.name) \(context.now.day)", step: train, inputs: inputs, order: order, table: table.digest,
        decision: DecisionMatrix(context.file.charter), dataVersions: joined.dataVersions))
    let blobs = trained.files.map(\.digest) + trained.baselines.flatMap { $0.files.map(\.digest) }
    let metrics = JSON.object(trained.metrics.mapValues(JSON.double))
    return StepResult(
      [
        "model": StepOutput(value: try JSON(encoding: trained), blobs: blobs), "metrics": StepOutput(value: metrics),
        "run": StepOutput(value: .string(trained.run.text)),
      ], summary: "run \(trained.run), \(Self.short(trained.metrics))")
  }

  private func tags(_ context: StepContext) -> [KeyValue] {
    [
      KeyValue(ProjectName.tag, context.project.text), KeyValue("martlet.pipeline_run", context.pipelineRun.text),
      KeyValue("martlet.project_version", String(context.version.number)),
      KeyValue("mlflow.source.name", context.project.text), KeyValue("mlflow.source.type", "PROJECT"),
    ] + (context.version.commit.map { [KeyValue("mlflow.source.git.commit", $0)] } ?? [])
  }
}

extension DecisionMatrix {
  /// The charter's decision, if the project has one.
  init?(_ charter: CharterSection?) {
    guard let decision = charter?.decision else { return nil }
    self.init(
      truePositive: decision.gain.truePositive, falsePositive: decision.gain.falsePositive,
      falseNegative: decision.gain.falseNegative, trueNegative: decision.gain.trueNegative, unit: decision.unit)
  }
}
