import MartletCore
import MartletStore
import MartletTracking

/// The SQL of runs and what belongs to them, in MLflow's schema.
extension SQLConnection {
  func runs(of experiment: String, after: String, limit: Int, _ schema: DatabaseSchema) throws -> [ImportedRun] {
    var runs = try rows(
      """
      SELECT run_uuid, name, user_id, status, start_time, end_time, lifecycle_stage, deleted_time, artifact_uri
      FROM runs WHERE experiment_id = ? AND run_uuid > ? ORDER BY run_uuid LIMIT ?
      """, [.integer(Int64(experiment) ?? -1), .text(after), SQLValue(limit)]
    ) { row in
      ImportedRun(
        id: try row.text(0), experiment: experiment, name: try row.optionalText(1) ?? "",
        user: try row.optionalText(2) ?? "", status: RunStatus(rawValue: try row.optionalText(3) ?? "") ?? .running,
        startTime: try row.optionalInteger(4) ?? 0, endTime: try row.optionalInteger(5),
        lifecycle: DatabaseSource.lifecycle(try row.optionalText(6)), deletedTime: try row.optionalInteger(7),
        artifactPlace: try row.optionalText(8))
    }
    let ids = runs.map(\.id)
    let params = try pairs("params", of: ids)
    let tags = try pairs("tags", of: ids)
    let datasets = schema.hasDatasets ? try inputs(of: ids) : [:]
    let links = schema.hasLoggedModels ? try links(of: ids, schema) : (inputs: [:], outputs: [:])
    for index in runs.indices {
      let id = runs[index].id
      runs[index].params = params[id] ?? []
      runs[index].tags = tags[id] ?? []
      if runs[index].name.isEmpty {
        runs[index].name = runs[index].tags.first { $0.key == ExperimentTracker.runNameTag }?.value ?? ""
      }
      runs[index].datasets = datasets[id] ?? []
      runs[index].modelInputs = links.inputs[id] ?? []
      runs[index].modelOutputs = links.outputs[id] ?? []
    }
    return runs
  }

  /// The places of `IN (…)`, and its arguments.
  private func list(_ ids: [String]) -> (places: String, arguments: [SQLValue]) {
    (ids.isEmpty ? "NULL" : ids.map { _ in "?" }.joined(separator: ", "), ids.map(SQLValue.text))
  }

  private func pairs(_ table: String, of ids: [String]) throws -> [String: [KeyValue]] {
    let (places, arguments) = list(ids)
    var found: [String: [KeyValue]] = [:]
    try forEachRow(
      "SELECT run_uuid, \"key\", value FROM \(table) WHERE run_uuid IN (\(places)) ORDER BY \"key\"", arguments
    ) {
      found[try $0.text(0), default: []].append(KeyValue(try $0.text(1), try $0.optionalText(2) ?? ""))
      return true
    }
    return found
  }

  private func inputs(of ids: [String]) throws -> [String: [ImportedDataset]] {
    let (places, arguments) = list(ids)
    let condition = "i.source_type = 'DATASET' AND i.destination_type = 'RUN' AND i.destination_id IN (\(places))"
    var tags: [String: [KeyValue]] = [:]
    try forEachRow(
      """
      SELECT t.input_uuid, t.name, t.value FROM input_tags t JOIN inputs i ON i.input_uuid = t.input_uuid
      WHERE \(condition) ORDER BY t.name
      """, arguments
    ) {
      tags[try $0.text(0), default: []].append(KeyValue(try $0.text(1), try $0.text(2)))
      return true
    }
    var found: [String: [ImportedDataset]] = [:]
    try forEachRow(
      """
      SELECT i.destination_id, i.input_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source,
        d.dataset_schema, d.dataset_profile
      FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id WHERE \(condition) ORDER BY d.name, d.digest
      """, arguments
    ) { row in
      let dataset = ImportedDataset(
        name: try row.text(2), digest: try row.text(3), sourceType: try row.text(4), source: try row.text(5),
        schema: try row.optionalText(6), profile: try row.optionalText(7), tags: tags[try row.text(1)] ?? [])
      found[try row.text(0), default: []].append(dataset)
      return true
    }
    return found
  }

  private func links(of ids: [String], _ schema: DatabaseSchema) throws -> (
    inputs: [String: [ImportedModelLink]], outputs: [String: [ImportedModelLink]]
  ) {
    let (places, arguments) = list(ids)
    var found: (inputs: [String: [ImportedModelLink]], outputs: [String: [ImportedModelLink]]) = ([:], [:])
    try forEachRow(
      """
      SELECT source_id, source_type, destination_id, \(schema.hasInputSteps ? "step" : "0") FROM inputs
      WHERE source_type IN ('RUN_INPUT', 'RUN_OUTPUT') AND source_id IN (\(places)) ORDER BY destination_id
      """, arguments
    ) { row in
      let link = ImportedModelLink(model: try row.text(2), step: try row.integer(3))
      let run = try row.text(0)
      if try row.text(1) == "RUN_OUTPUT" {
        found.outputs[run, default: []].append(link)
      } else {
        found.inputs[run, default: []].append(link)
      }
      return true
    }
    return found
  }

  /// Points of runs as they lie in the database: sorting millions would take longer than reading them.
  func series(of ids: [String], _ hand: ([ImportedSeries]) throws -> Void) throws {
    let (places, arguments) = list(ids)
    var gatherer = SeriesGatherer()
    try stream(
      "SELECT run_uuid, \"key\", step, timestamp, value, is_nan FROM metrics WHERE run_uuid IN (\(places))", arguments
    ) { row in
      gatherer.add(
        run: try row.text(0), key: try row.text(1), step: try row.integer(2), timestamp: try row.integer(3),
        value: try row.boolean(5) ? .nan : try row.real(4))
      if gatherer.isFull { try hand(gatherer.take()) }
      return true
    }
    try hand(gatherer.take())
  }
}
