import MartletCore
import MartletData
import MartletGovernance
import MartletPipelines

/// Where a model came from: code, data versions down to the uploaded files, features, parameters, environment.
struct ModelHistory: Sendable {
  let platform: Platform

  func lineage(of trained: TrainedModel, _ context: StepContext) async throws -> ModelLineage {
    var inputs: [ModelLineage.DataInput] = []
    for section in context.file.data {
      let key = DatasetKey(project: context.project, name: DatasetName(section.name))
      guard let head = try await platform.data.head(key) else { continue }
      inputs.append(ModelLineage.DataInput(dataset: section.name, version: head.id, rows: Int(head.rows)))
    }
    let reports = Array(
      Set(trained.inputs.features.map(\.view))
    ).sorted()
    return ModelLineage(
      project: context.project, projectVersion: context.version.number, commit: context.version.commit,
      isDirty: context.version.isDirty, pipelineRun: context.pipelineRun, run: trained.run, data: inputs,
      features: reports,
      sources: context.version.entries.map { ModelLineage.SourceFile(path: $0.path, digest: $0.digest) },
      parameters: trained.parameters, environment: ["martlet": platform.version],
      steps: context.file.steps.map { "\($0.name) (\($0.kind.rawValue))" })
  }
}
