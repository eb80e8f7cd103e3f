import MartletCore
import MartletRegistry
import MartletStore
import MartletTracking

/// The SQL of logged and registered models, in MLflow's schema.
extension SQLConnection {
  func loggedModels(of experiment: String, after: String, limit: Int) throws -> [ImportedLoggedModel] {
    let statuses: [Int64: String] = [1: "PENDING", 2: "READY", 3: "UPLOAD_FAILED"]
    let models = try rows(
      """
      SELECT model_id, name, model_type, source_run_id, status, lifecycle_stage, creation_timestamp_ms,
        last_updated_timestamp_ms, artifact_location
      FROM logged_models WHERE experiment_id = ? AND model_id > ? ORDER BY model_id LIMIT ?
      """, [.integer(Int64(experiment) ?? -1), .text(after), SQLValue(limit)]
    ) { row in
      ImportedLoggedModel(
        id: try row.text(0), experiment: experiment, name: try row.text(1), modelType: try row.optionalText(2),
        sourceRun: try row.optionalText(3), status: statuses[try row.integer(4)] ?? "PENDING",
        lifecycle: DatabaseSource.lifecycle(try row.optionalText(5)), creationTime: try row.integer(6),
        lastUpdateTime: try row.integer(7), artifactPlace: try row.optionalText(8), params: [], tags: [], metrics: [])
    }
    return try models.map { model in
      var complete = model
      complete.params = try pairs("SELECT param_key, param_value FROM logged_model_params WHERE model_id = ?", model.id)
      complete.tags = try pairs("SELECT tag_key, tag_value FROM logged_model_tags WHERE model_id = ?", model.id)
      complete.metrics = try measurements(of: model.id)
      return complete
    }
  }

  private func measurements(of model: String) throws -> [ImportedMeasurement] {
    try rows(
      """
      SELECT run_id, metric_name, metric_value, metric_timestamp_ms, metric_step, dataset_name, dataset_digest
      FROM logged_model_metrics WHERE model_id = ?
      """, [.text(model)]
    ) { row in
      ImportedMeasurement(
        run: try row.text(0),
        point: ImportedPoint(
          key: try row.text(1), value: try row.optionalReal(2) ?? .nan, timestamp: try row.integer(3),
          step: try row.integer(4)), datasetName: try row.optionalText(5), datasetDigest: try row.optionalText(6))
    }
  }

  private func pairs(_ sql: String, _ id: String) throws -> [KeyValue] {
    try rows(sql, [.text(id)]) { KeyValue(try $0.text(0), try $0.optionalText(1) ?? "") }
  }

  /// A registered model with all versions that are not deleted.
  func model(_ name: String, _ schema: DatabaseSchema) throws -> ImportedModel {
    let found = try first(
      "SELECT description, creation_time, last_updated_time FROM registered_models WHERE name = ?", [.text(name)]
    ) { row in
      let created = try row.optionalInteger(1) ?? 0
      return ImportedModel(
        name: name, description: try row.optionalText(0), creationTime: created,
        lastUpdateTime: try row.optionalInteger(2) ?? created, tags: [:], aliases: [:], versions: [], lastVersion: 0)
    }
    guard var model = found else { throw MartletError.notFound("the model '\(name.prefix(80))' is no longer there") }
    for pair in try pairs("SELECT \"key\", value FROM registered_model_tags WHERE name = ?", name) {
      model.tags[pair.key] = pair.value
    }
    if schema.hasAliases {
      try forEachRow("SELECT alias, version FROM registered_model_aliases WHERE name = ?", [.text(name)]) { row in
        model.aliases[try row.text(0)] = try row.int(1)
        return true
      }
    }
    model.lastVersion =
      try first("SELECT COALESCE(MAX(version), 0) FROM model_versions WHERE name = ?", [.text(name)]) { try $0.int(0) }
      ?? 0
    model.versions = try versions(of: name, schema)
    return model
  }

  private func versions(of name: String, _ schema: DatabaseSchema) throws -> [ImportedVersion] {
    var tags: [Int: [String: String]] = [:]
    try forEachRow("SELECT version, \"key\", value FROM model_version_tags WHERE name = ?", [.text(name)]) { row in
      tags[try row.int(0), default: [:]][try row.text(1)] = try row.optionalText(2) ?? ""
      return true
    }
    return try rows(
      """
      SELECT version, source, run_id, run_link, description, user_id, current_stage, status, status_message,
        creation_time, last_updated_time, \(schema.hasStorageLocation ? "storage_location" : "NULL")
      FROM model_versions WHERE name = ? AND current_stage <> 'Deleted_Internal' ORDER BY version
      """, [.text(name)]
    ) { row in
      let number = try row.int(0)
      let source = try row.optionalText(1) ?? ""
      let created = try row.optionalInteger(9) ?? 0
      let place = try row.optionalText(11).flatMap(ArtifactAddress.place) ?? ArtifactAddress.place(source)
      return ImportedVersion(
        version: number, source: source, run: try row.optionalText(2).nonEmpty,
        runLink: try row.optionalText(3).nonEmpty,
        loggedModel: place?.loggedModel, description: try row.optionalText(4), user: try row.optionalText(5) ?? "",
        stage: try row.optionalText(6) ?? "None", status: try row.optionalText(7) ?? "READY",
        statusMessage: try row.optionalText(8), creationTime: created,
        lastUpdateTime: try row.optionalInteger(10) ?? created, tags: tags[number] ?? [:], place: place)
    }
  }
}

extension String? {
  /// Nil for an empty text.
  var nonEmpty: String? { self?.isEmpty == false ? self : nil }
}
