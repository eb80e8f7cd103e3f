import MartletCore
import MartletRegistry
import MartletTracking

/// MLflow's JSON shapes (protos/service.proto, protos/model_registry.proto) as records of an import.
extension ImportedExperiment {
  init(wire json: JSON) throws {
    self.init(
      id: try json.text("experiment_id"), name: try json.text("name"),
      lifecycle: json["lifecycle_stage"]?.string == "deleted" ? .deleted : .active,
      creationTime: json.whole("creation_time") ?? 0, lastUpdateTime: json.whole("last_update_time") ?? 0,
      artifactLocation: json["artifact_location"]?.string, tags: json.pairs("tags"))
  }
}

extension ImportedRun {
  init(wire json: JSON) throws {
    let (info, data, inputs) = (json["info"] ?? [:], json["data"] ?? [:], json["inputs"] ?? [:])
    let tags = data.pairs("tags")
    let name = info["run_name"]?.string ?? tags.first { $0.key == ExperimentTracker.runNameTag }?.value ?? ""
    self.init(
      id: try info.text("run_id"), experiment: try info.text("experiment_id"), name: name,
      user: info["user_id"]?.string ?? "", status: RunStatus(rawValue: info["status"]?.string ?? "") ?? .running,
      startTime: info.whole("start_time") ?? 0, endTime: info.whole("end_time").flatMap { $0 == 0 ? nil : $0 },
      lifecycle: info["lifecycle_stage"]?.string == "deleted" ? .deleted : .active,
      artifactPlace: info["artifact_uri"]?.string, params: data.pairs("params"), tags: tags,
      datasets: try (inputs["dataset_inputs"]?.array ?? []).map(ImportedDataset.init(wire:)),
      modelInputs: (inputs["model_inputs"]?.array ?? []).map(ImportedModelLink.init(wire:)),
      modelOutputs: (json["outputs"]?["model_outputs"]?.array ?? []).map(ImportedModelLink.init(wire:)))
  }
}

extension ImportedModelLink {
  init(wire json: JSON) { self.init(model: json["model_id"]?.string ?? "", step: json.whole("step") ?? 0) }
}

extension ImportedDataset {
  init(wire json: JSON) throws {
    let dataset = json["dataset"] ?? [:]
    self.init(
      name: try dataset.text("name"), digest: try dataset.text("digest"),
      sourceType: dataset["source_type"]?.string ?? "", source: dataset["source"]?.string ?? "",
      schema: dataset["schema"]?.string, profile: dataset["profile"]?.string, tags: json.pairs("tags"))
  }
}

extension ImportedPoint {
  init(wire json: JSON) throws {
    self.init(
      key: try json.text("key"), value: json.number("value"), timestamp: json.whole("timestamp") ?? 0,
      step: json.whole("step") ?? 0)
  }
}

extension ImportedLoggedModel {
  init(wire json: JSON) throws {
    let (info, data) = (json["info"] ?? [:], json["data"] ?? [:])
    let prefix = "LOGGED_MODEL_"
    let status = info["status"]?.string ?? "PENDING"
    self.init(
      id: try info.text("model_id"), experiment: try info.text("experiment_id"), name: info["name"]?.string ?? "",
      modelType: info["model_type"]?.string.nonEmpty, sourceRun: info["source_run_id"]?.string.nonEmpty,
      status: status.hasPrefix(prefix) ? String(status.dropFirst(prefix.count)) : status, lifecycle: .active,
      creationTime: info.whole("creation_timestamp_ms") ?? 0,
      lastUpdateTime: info.whole("last_updated_timestamp_ms") ?? 0,
      artifactPlace: info["artifact_uri"]?.string, params: data.pairs("params"), tags: info.pairs("tags"),
      metrics: try (data["metrics"]?.array ?? []).map { metric in
        ImportedMeasurement(
          run: metric["run_id"]?.string ?? "", point: try ImportedPoint(wire: metric),
          datasetName: metric["dataset_name"]?.string.nonEmpty, datasetDigest: metric["dataset_digest"]?.string.nonEmpty
        )
      })
  }
}

extension ImportedModel {
  /// Without its versions.
  init(wire json: JSON) throws {
    let aliases = (json["aliases"]?.array ?? []).compactMap { alias -> (String, Int)? in
      guard let name = alias["alias"]?.string, let version = alias.whole("version") else { return nil }
      return (name, Int(version))
    }
    let created = json.whole("creation_timestamp") ?? 0
    self.init(
      name: try json.text("name"), description: json["description"]?.string.nonEmpty, creationTime: created,
      lastUpdateTime: json.whole("last_updated_timestamp") ?? created, tags: json.table("tags"),
      aliases: Dictionary(aliases, uniquingKeysWith: { _, last in last }), versions: [], lastVersion: 0)
  }
}

extension ImportedVersion {
  init(wire json: JSON) throws {
    let source = json["source"]?.string ?? ""
    let created = json.whole("creation_timestamp") ?? 0
    let place = ArtifactAddress.place(source)
    self.init(
      version: Int(json.whole("version") ?? 0), source: source, run: json["run_id"]?.string.nonEmpty,
      runLink: json["run_link"]?.string.nonEmpty, loggedModel: json["model_id"]?.string.nonEmpty ?? place?.loggedModel,
      description: json["description"]?.string.nonEmpty, user: json["user_id"]?.string ?? "",
      stage: json["current_stage"]?.string.nonEmpty ?? "None", status: json["status"]?.string ?? "READY",
      statusMessage: json["status_message"]?.string.nonEmpty, creationTime: created,
      lastUpdateTime: json.whole("last_updated_timestamp") ?? created, tags: json.table("tags"), place: place)
  }
}

extension JSON {
  fileprivate func text(_ name: String) throws -> String {
    guard let text = self[name]?.string else {
      throw MartletError(.invalidInput, "the MLflow server's answer lacks '\(name)'", fix: "is it an MLflow server?")
    }
    return text
  }

  /// A whole number, written as one or as text.
  fileprivate func whole(_ name: String) -> Int64? { self[name]?.integer ?? self[name]?.string.flatMap(Int64.init) }

  fileprivate func number(_ name: String) -> Double {
    guard let value = self[name] else { return 0 }
    if let number = value.double { return number }
    switch value.string {
    case "Infinity": return .infinity
    case "-Infinity": return -.infinity
    case let text?: return Double(text) ?? .nan
    case nil: return .nan
    }
  }

  fileprivate func pairs(_ name: String) -> [KeyValue] {
    (self[name]?.array ?? []).map { KeyValue($0["key"]?.string ?? "", $0["value"]?.string ?? "") }
  }

  fileprivate func table(_ name: String) -> [String: String] {
    Dictionary(pairs(name).map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
  }
}
