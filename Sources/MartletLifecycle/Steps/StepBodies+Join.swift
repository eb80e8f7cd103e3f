import MartletArtifacts
import MartletCore
import MartletFeatures
import MartletModels
import MartletPipelines

extension StepBodies {
  /// Joins feature views as they were known at each row's own time, and cuts the table by time.
  func join(_ step: StepDefinition, _ join: JoinStep, _ context: StepContext) async throws -> StepResult {
    let base = try await table(join.table, context)
    let split = join.split.map { TimeSplit(column: $0.column ?? join.at, train: $0.train, test: $0.test) }
    let label = try label(of: step, context)
    let set = try await platform.features.trainingSet(
      TrainingSetRequest(
        project: context.project, base: base.digest, at: join.at, features: join.features, split: split, label: label))
    for view in set.views {
      context.log("\(view.view): \(view.matched) rows found, \(view.expired) too old, \(view.missing) without a value")
    }
    if set.unlabelled > 0, let label {
      context.log(
        "\(set.unlabelled) of \(set.baseRows) rows have no '\(label)': reported here and left out of training")
    }
    let joined = JoinedTable(
      columns: set.columns.map { JoinedTable.Column(name: $0.name, type: $0.type, view: $0.view) },
      views: try await joinedFeatures(set, join, context.project), time: split?.column ?? join.at,
      trainRows: set.trainRows, testRows: set.testRows, unlabelled: set.unlabelled, dataVersions: set.inputs)
    let value = try JSON(encoding: joined)
    var outputs: [String: StepOutput] = [:]
    for name in step.outputs {
      guard let blob = name == "test" ? set.test : set.train else { continue }
      outputs[name] = StepOutput(digest: blob.digest, size: Int64(blob.size), fileName: "\(name).parquet", value: value)
    }
    return StepResult(
      outputs,
      summary: "\(set.trainRows) rows to train on, \(set.testRows) to test on, \(set.unlabelled) without outcome")
  }

  private func joinedFeatures(_ set: TrainingSet, _ join: JoinStep, _ project: ProjectName) async throws
    -> [JoinedFeatures]
  {
    var views: [JoinedFeatures] = []
    for name in join.features {
      let definition = try await platform.features.view(project, name).definition
      let columns = set.columns.filter { $0.view == name }.map {
        JoinedFeatures.Column($0.name, FieldType(sqlType: $0.type))
      }
      views.append(
        JoinedFeatures(
          view: name, entity: definition.entity, columns: columns,
          ttlMilliseconds: definition.ttl?.duration.wholeMilliseconds))
    }
    return views
  }

  /// The label of the train step that reads this table, so that rows without one are counted here.
  private func label(of step: StepDefinition, _ context: StepContext) throws -> String? {
    for other in context.file.steps {
      if case .train(let train) = other.work, train.table.step == step.name {
        return try train.label.text(context.params)
      }
    }
    return nil
  }
}
