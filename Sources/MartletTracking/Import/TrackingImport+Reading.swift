package import MartletCore
package import MartletStore

/// Reads back what was imported, in the shapes it came in, to compare it with where it came from.
extension TrackingImport {
  /// Counts an experiment.
  package static func tally(_ tally: inout TransferTally, experiment number: Int64, in connection: any SQLConnection)
    throws
  {
    let experiment = try ExperimentStore.get(ExperimentID(String(number)), in: connection)
    tally.add(
      ImportedExperiment(
        id: experiment.id.text, name: experiment.name, lifecycle: experiment.lifecycle,
        creationTime: experiment.creationTime.milliseconds, lastUpdateTime: experiment.lastUpdateTime.milliseconds,
        tags: experiment.tags))
  }

  /// Counts runs with all that belongs to them.
  package static func tally(_ tally: inout TransferTally, runs ids: [String], in connection: any SQLConnection) throws {
    let rows = try ids.compactMap { id in
      try connection.first(
        "SELECT \(RunStore.columns) FROM runs r WHERE r.run_id = ?", [.text(id)], RunStore.read)
    }
    for run in try RunStore.complete(rows, in: connection) { tally.add(ImportedRun(run)) }
    for row in rows {
      try TrackingImport.tally(&tally, pointsOf: row, in: connection)
      let id = row.info.id.text
      try tally.add(files: try artifactRoot(run: id, in: connection), of: "run:\(id)", in: connection)
    }
  }

  /// Counts a logged model with its files.
  package static func tally(_ tally: inout TransferTally, loggedModel id: String, in connection: any SQLConnection)
    throws
  {
    let row = try connection.first(
      """
      SELECT experiment_id, name, model_type, source_run_id, status, lifecycle, creation_time, last_update_time
      FROM logged_models WHERE model_id = ?
      """, [.text(id)]
    ) { row in
      ImportedLoggedModel(
        id: id, experiment: String(try row.integer(0)), name: try row.text(1), modelType: try row.optionalText(2),
        sourceRun: try row.optionalText(3), status: try row.text(4),
        lifecycle: Lifecycle(rawValue: try row.text(5)) ?? .active, creationTime: try row.integer(6),
        lastUpdateTime: try row.integer(7), params: [], tags: [], metrics: [])
    }
    guard var model = row else { return }
    func pairs(_ table: String) throws -> [KeyValue] {
      try connection.rows("SELECT key, value FROM \(table) WHERE model_id = ?", [.text(id)]) {
        KeyValue(try $0.text(0), try $0.text(1))
      }
    }
    model.params = try pairs("logged_model_params")
    model.tags = try pairs("logged_model_tags")
    model.metrics = try connection.rows(
      """
      SELECT run_id, key, value, is_nan, timestamp, step, dataset_name, dataset_digest FROM logged_model_metrics
      WHERE model_id = ?
      """, [.text(id)]
    ) { row in
      ImportedMeasurement(
        run: try row.text(0),
        point: ImportedPoint(
          key: try row.text(1), value: try row.boolean(3) ? .nan : try row.real(2), timestamp: try row.integer(4),
          step: try row.integer(5)),
        datasetName: try row.text(6).nonEmpty, datasetDigest: try row.text(7).nonEmpty)
    }
    tally.add(model)
    try tally.add(files: try artifactRoot(loggedModel: id, in: connection), of: "logged_model:\(id)", in: connection)
  }
}

extension TransferTally {
  fileprivate mutating func add(files root: String?, of owner: String, in connection: any SQLConnection) throws {
    guard let root else { return }
    for file in try TrackingImport.files(below: root, in: connection) {
      add(artifact: file.path, of: owner, size: file.size, digest: file.digest.hex)
    }
  }
}

extension ImportedRun {
  fileprivate init(_ run: Run) {
    self.init(
      id: run.id.text, experiment: run.info.experiment.text, name: run.info.name, user: run.info.user,
      status: run.info.status, startTime: run.info.startTime, endTime: run.info.endTime, lifecycle: run.info.lifecycle,
      params: run.params, tags: run.tags,
      datasets: run.datasets.map {
        ImportedDataset(
          name: $0.name, digest: $0.digest, sourceType: $0.sourceType, source: $0.source, schema: $0.schema,
          profile: $0.profile, tags: $0.tags)
      }, modelInputs: run.modelInputs.map { ImportedModelLink(model: $0.modelID, step: $0.step) },
      modelOutputs: run.modelOutputs.map { ImportedModelLink(model: $0.modelID, step: $0.step) })
  }
}

extension String {
  fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
