import MartletCore
import MartletTracking

/// The shapes of tracking, as protos/service.proto has them.
extension WireWriter {
  mutating func write(_ experiment: Experiment) {
    field("experiment_id", experiment.id.text)
    field("name", experiment.name)
    field("artifact_location", experiment.artifactLocation)
    field("lifecycle_stage", experiment.lifecycle.rawValue)
    field("last_update_time", experiment.lastUpdateTime)
    field("creation_time", experiment.creationTime)
    list("tags", experiment.tags) { $0.write($1) }
  }

  mutating func write(_ run: Run) {
    object("info") { $0.write(run.info) }
    object("data") { data in
      data.list("metrics", run.metrics) { $0.write($1) }
      data.list("params", run.params) { $0.write($1) }
      data.list("tags", run.tags) { $0.write($1) }
    }
    object("inputs") { inputs in
      inputs.list("dataset_inputs", run.datasets) { $0.write($1) }
      inputs.list("model_inputs", run.modelInputs) { $0.field("model_id", $1.modelID) }
    }
    if !run.modelOutputs.isEmpty {
      object("outputs") { outputs in
        outputs.list("model_outputs", run.modelOutputs) { writer, link in
          writer.field("model_id", link.modelID)
          writer.field("step", link.step)
        }
      }
    }
  }

  mutating func write(_ info: RunInfo) {
    field("run_id", info.id.text)
    field("run_uuid", info.id.text)
    field("run_name", info.name)
    field("experiment_id", info.experiment.text)
    field("user_id", info.user)
    field("status", info.status.rawValue)
    field("start_time", info.startTime)
    field("end_time", info.endTime)
    field("artifact_uri", info.artifactURI)
    field("lifecycle_stage", info.lifecycle.rawValue)
  }

  mutating func write(_ metric: Metric) {
    field("key", metric.key)
    field("value", number: metric.value)
    field("timestamp", metric.timestamp)
    field("step", metric.step)
    field("dataset_name", metric.datasetName)
    field("dataset_digest", metric.datasetDigest)
    field("model_id", metric.modelID)
  }

  mutating func write(_ pair: KeyValue) {
    field("key", pair.key)
    field("value", pair.value)
  }

  private mutating func write(_ input: DatasetInput) {
    list("tags", input.tags) { $0.write($1) }
    object("dataset") { dataset in
      dataset.field("name", input.name)
      dataset.field("digest", input.digest)
      dataset.field("source_type", input.sourceType)
      dataset.field("source", input.source)
      dataset.field("schema", input.schema)
      dataset.field("profile", input.profile)
    }
  }

  mutating func write(_ model: LoggedModel) {
    object("info") { info in
      info.field("model_id", model.id)
      info.field("experiment_id", model.experiment.text)
      info.field("name", model.name)
      info.field("creation_timestamp_ms", model.creationTime)
      info.field("last_updated_timestamp_ms", model.lastUpdateTime)
      info.field("artifact_uri", model.artifactURI)
      info.field("status", "LOGGED_MODEL_\(model.status.rawValue)")
      info.field("model_type", model.modelType ?? "")
      info.field("source_run_id", model.sourceRun?.text)
      info.list("tags", model.tags) { $0.write($1) }
    }
    object("data") { data in
      data.list("params", model.params) { $0.write($1) }
      data.list("metrics", model.metrics) { writer, measurement in
        writer.write(measurement.metric)
        writer.field("run_id", measurement.run.text)
      }
    }
  }

  /// An artifact in a listing: its path, whether it is a folder, its size in bytes.
  mutating func write(_ entry: ArtifactEntry, in folder: String) {
    field("path", folder.isEmpty ? entry.name : "\(folder)/\(entry.name)")
    field("is_dir", entry.file == nil)
    field("file_size", entry.file?.size)
  }
}
