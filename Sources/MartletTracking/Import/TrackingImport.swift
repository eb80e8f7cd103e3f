package import MartletCore
package import MartletStore

/// Writes experiments, runs, points and logged models of another server, with the ids and times they had there.
///
/// Each call belongs to the caller's transaction. What is there already stays as it is: false says so.
package enum TrackingImport {
  /// Where an experiment's artifacts go here.
  package static func location(of number: Int64) -> String { "\(ArtifactLocation.scheme):/\(number)" }

  /// The experiment of that name; nil when there is none, whatever its lifecycle.
  package static func findExperiment(named name: String, in connection: any SQLConnection) throws -> Int64? {
    try connection.first("SELECT experiment_id FROM experiments WHERE name = ?", [.text(name)]) { try $0.integer(0) }
  }

  /// Whether an experiment has no run and no logged model, deleted ones included.
  package static func isEmpty(_ experiment: Int64, in connection: any SQLConnection) throws -> Bool {
    for table in ["runs", "logged_models"] {
      let found = try connection.first(
        "SELECT 1 FROM \(table) WHERE experiment_id = ? LIMIT 1", [.integer(experiment)]
      ) { _ in true }
      if found == true { return false }
    }
    return true
  }

  /// Adds an experiment under its own id, or under the next free one when another experiment has it; returns the id.
  package static func add(_ experiment: ImportedExperiment, in connection: any SQLConnection) throws -> Int64 {
    try BatchRules.checkExperimentName(experiment.name)
    let number = try freeNumber(Int64(experiment.id), in: connection)
    try connection.execute(
      """
      INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle, creation_time, last_update_time)
      VALUES (?, ?, ?, ?, ?, ?)
      """,
      [
        .integer(number), .text(experiment.name),
        .text(try experiment.artifactLocation.map(ArtifactLocation.elsewhere) ?? location(of: number)),
        .text(experiment.lifecycle.rawValue), .integer(experiment.creationTime), .integer(experiment.lastUpdateTime),
      ])
    try setTags(of: experiment, on: number, in: connection)
    return number
  }

  /// Gives an experiment that was empty the times, lifecycle and tags of the imported one.
  package static func take(_ experiment: ImportedExperiment, as number: Int64, in connection: any SQLConnection) throws
  {
    try connection.execute(
      "UPDATE experiments SET lifecycle = ?, creation_time = ?, last_update_time = ? WHERE experiment_id = ?",
      [
        .text(experiment.lifecycle.rawValue), .integer(experiment.creationTime), .integer(experiment.lastUpdateTime),
        .integer(number),
      ])
    try setTags(of: experiment, on: number, in: connection)
  }

  private static func setTags(of experiment: ImportedExperiment, on number: Int64, in connection: any SQLConnection)
    throws
  {
    for tag in experiment.tags {
      try BatchRules.checkExperimentTag(tag)
      try connection.execute(
        """
        INSERT INTO experiment_tags (experiment_id, key, value) VALUES (?, ?, ?)
        ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value
        """, [.integer(number), .text(tag.key), .text(tag.value)])
    }
  }

  /// The wanted number when it is free, else one after all others. The database goes on numbering after it.
  private static func freeNumber(_ wanted: Int64?, in connection: any SQLConnection) throws -> Int64 {
    if let wanted, wanted > 0, wanted < 1 << 62 {
      let taken = try connection.first("SELECT 1 FROM experiments WHERE experiment_id = ?", [.integer(wanted)]) { _ in
        true
      }
      if taken != true {
        try numberAfter(wanted, in: connection)
        return wanted
      }
    }
    let last = try connection.first("SELECT MAX(experiment_id) FROM experiments") { try $0.integer(0) } ?? 0
    try numberAfter(last + 1, in: connection)
    return last + 1
  }

  /// SQLite numbers after the greatest by itself; PostgreSQL's sequence must be told.
  private static func numberAfter(_ number: Int64, in connection: any SQLConnection) throws {
    guard connection.dialect == .postgresql else { return }
    _ = try connection.first(
      """
      SELECT setval(pg_get_serial_sequence('experiments', 'experiment_id'),
        GREATEST(?, (SELECT COALESCE(MAX(experiment_id), 1) FROM experiments), 1))
      """, [.integer(number)]
    ) { try $0.integer(0) }
  }

  // MARK: - Runs

  /// - Parameter experiment: the experiment's number here.
  package static func add(_ run: ImportedRun, to experiment: Int64, in connection: any SQLConnection) throws -> Bool {
    try check(run)
    if try number(of: run.id, in: connection) != nil { return false }
    let known = try connection.first(
      "SELECT artifact_location FROM experiments WHERE experiment_id = ?", [.integer(experiment)]
    ) { try $0.text(0) }
    let root = known ?? location(of: experiment)
    let info = RunInfo(
      id: RunID(run.id), experiment: ExperimentID(String(experiment)), name: run.name, user: run.user,
      status: run.status, startTime: run.startTime, endTime: run.endTime, lifecycle: run.lifecycle,
      artifactURI: try run.artifactPlace.map(ArtifactLocation.elsewhere) ?? "\(root)/\(run.id)/artifacts")
    let row = RunStore.Row(number: try RunStore.insert(info, in: connection), info: info)
    try connection.execute(
      "UPDATE runs SET end_time = ?, lifecycle = ?, deleted_time = ? WHERE number = ?",
      [
        SQLValue(run.endTime), .text(run.lifecycle.rawValue), SQLValue(run.deletedTime), .integer(row.number),
      ])
    try ParamStore.log(run.params, to: row, in: connection)
    try ParamStore.setTags(run.tags, on: row.number, in: connection)
    for dataset in run.datasets { try InputStore.log(DatasetInput(dataset), to: row, in: connection) }
    for link in run.modelInputs { try InputStore.log(ModelLink(link), .input, to: row.number, in: connection) }
    for link in run.modelOutputs { try InputStore.log(ModelLink(link), .output, to: row.number, in: connection) }
    return true
  }

  private static func check(_ run: ImportedRun) throws {
    let id = run.id.utf8
    guard (1...256).contains(id.count),
      id.allSatisfy({
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "_-".utf8.contains($0)
      })
    else { throw MartletError.invalidInput("'\(run.id.prefix(80))' is not a run's id") }
    for param in run.params { try BatchRules.checkParam(param) }
    for tag in run.tags { try BatchRules.checkTag(tag) }
  }

  private static func number(of run: String, in connection: any SQLConnection) throws -> Int64? {
    try connection.first("SELECT number FROM runs WHERE run_id = ?", [.text(run)]) { try $0.integer(0) }
  }

  // MARK: - Logged models

  package static func add(_ model: ImportedLoggedModel, to experiment: Int64, in connection: any SQLConnection) throws
    -> Bool
  {
    let known = try connection.first("SELECT 1 FROM logged_models WHERE model_id = ?", [.text(model.id)]) { _ in true }
    if known == true { return false }
    guard try ArtifactLocation.parts(of: model.id).count == 1 else {
      throw MartletError.invalidInput("'\(model.id.prefix(80))' is no logged model's id")
    }
    guard let status = LoggedModel.Status(rawValue: model.status) else {
      throw MartletError.invalidInput("'\(model.status.prefix(40))' is no status of a logged model")
    }
    let (created, updated) = (
      Timestamp(milliseconds: model.creationTime), Timestamp(milliseconds: model.lastUpdateTime)
    )
    try LoggedModelStore.insert(
      LoggedModel(
        id: model.id, experiment: ExperimentID(String(experiment)), name: model.name, modelType: model.modelType,
        sourceRun: model.sourceRun.map { RunID($0) }, status: status,
        artifactURI: try model.artifactPlace.map(ArtifactLocation.elsewhere)
          ?? "\(location(of: experiment))/models/\(model.id)/artifacts",
        creationTime: created, lastUpdateTime: updated, params: model.params, tags: model.tags, metrics: []),
      in: connection)
    if model.lifecycle == .deleted { try LoggedModelStore.delete(model.id, at: updated, in: connection) }
    for (run, measured) in Dictionary(grouping: model.metrics, by: \.run) {
      try LoggedModelStore.append(
        measured.map { Metric($0, of: model.id) }, measuredBy: RunID(run), in: connection)
    }
    return true
  }

  // MARK: - Artifacts

  /// The folder of the artifact space that a run's or a logged model's files are shown in; nil when they are elsewhere
  /// or there is no such thing.
  package static func artifactRoot(run: String, in connection: any SQLConnection) throws -> String? {
    let uri = try connection.first("SELECT artifact_uri FROM runs WHERE run_id = ?", [.text(run)]) { try $0.text(0) }
    return uri.flatMap { ArtifactLocation.path(ofURI: $0) }
  }

  package static func artifactRoot(loggedModel id: String, in connection: any SQLConnection) throws -> String? {
    let uri = try connection.first("SELECT artifact_uri FROM logged_models WHERE model_id = ?", [.text(id)]) {
      try $0.text(0)
    }
    return uri.flatMap { ArtifactLocation.path(ofURI: $0) }
  }

  /// Shows a stored blob under a path below such a folder.
  package static func show(
    _ digest: Digest, size: Int64, at path: String, below root: String, time: Timestamp,
    in connection: any SQLConnection
  ) throws {
    let path = try ArtifactLocation.checked("\(root)/\(path)")
    try ArtifactFileStore.put(ArtifactFile(path: path, digest: digest, size: size), at: time, in: connection)
  }

  /// Every file below such a folder, with paths relative to it.
  package static func files(below root: String, in connection: any SQLConnection) throws -> [ArtifactFile] {
    try ArtifactFileStore.below(root, limit: 1_000_000, in: connection).map { file in
      var relative = file
      relative.path = String(file.path.dropFirst(root.count + 1))
      return relative
    }
  }
}

extension DatasetInput {
  fileprivate init(_ dataset: ImportedDataset) {
    self.init(
      name: dataset.name, digest: dataset.digest, sourceType: dataset.sourceType, source: dataset.source,
      schema: dataset.schema, profile: dataset.profile, tags: dataset.tags)
  }
}

extension ModelLink {
  fileprivate init(_ link: ImportedModelLink) { self.init(modelID: link.model, step: link.step) }
}

extension Metric {
  fileprivate init(_ measured: ImportedMeasurement, of model: String) {
    self.init(
      key: measured.point.key, value: measured.point.value, timestamp: measured.point.timestamp,
      step: measured.point.step, modelID: model, datasetName: measured.datasetName,
      datasetDigest: measured.datasetDigest)
  }
}
