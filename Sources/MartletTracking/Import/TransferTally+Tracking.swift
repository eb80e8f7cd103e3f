import MartletCore

/// What is counted of tracking.
extension TransferTally {
  package mutating func add(_ experiment: ImportedExperiment) {
    add(
      "experiments", experiment.name, experiment.lifecycle.rawValue, String(experiment.creationTime),
      String(experiment.lastUpdateTime))
    for tag in experiment.tags { add("experiment tags", experiment.name, tag.key, tag.value) }
  }

  package mutating func add(_ run: ImportedRun) {
    add(
      "runs", run.id, run.name, run.user, run.status.rawValue, String(run.startTime), run.endTime.map { String($0) },
      run.lifecycle.rawValue)
    for param in run.params { add("params", run.id, param.key, param.value) }
    for tag in run.tags { add("run tags", run.id, tag.key, tag.value) }
    for dataset in run.datasets {
      add(
        "dataset inputs", run.id, dataset.name, dataset.digest, dataset.sourceType, dataset.source, dataset.schema,
        dataset.profile)
      for tag in dataset.tags { add("dataset tags", run.id, dataset.name, dataset.digest, tag.key, tag.value) }
    }
    for link in run.modelInputs { add("model links", run.id, "in", link.model) }
    for link in run.modelOutputs { add("model links", run.id, "out", link.model, String(link.step)) }
  }

  package mutating func add(_ model: ImportedLoggedModel) {
    add(
      "logged models", model.id, model.name, model.modelType, model.sourceRun, model.status, model.lifecycle.rawValue,
      String(model.creationTime), String(model.lastUpdateTime))
    for param in model.params { add("logged model params", model.id, param.key, param.value) }
    for tag in model.tags { add("logged model tags", model.id, tag.key, tag.value) }
    for metric in model.metrics {
      add(
        "logged model metrics", model.id, metric.run, metric.point.key, Self.text(metric.point.value),
        String(metric.point.timestamp), String(metric.point.step), metric.datasetName, metric.datasetDigest)
    }
  }

  /// A file of a run or a logged model.
  package mutating func add(artifact path: String, of owner: String, size: Int64, digest: String) {
    add("artifacts", owner, path, String(size), digest)
  }

  private static func text(_ value: Double) -> String { String(bits(value), radix: 16) }
}
