import MartletArtifacts
import MartletCore
import MartletRegistry
import MartletStore
import MartletTracking

/// Writes one batch inside its transaction.
struct ImportWriter {
  let record: ImportRecord
  let author: Author
  let now: Timestamp
  let connection: any SQLConnection

  func write(_ batch: ImportBatch) throws {
    for experiment in batch.experiments { try add(experiment) }
    for run in batch.runs { try add(run) }
    for run in Set(batch.series.map(\.run)) { try demand("run", run) }
    try TrackingImport.add(batch.series, in: connection)
    for model in batch.loggedModels { try add(model) }
    for file in batch.files { try show(file) }
    for model in batch.models { try add(model) }
    for done in batch.done {
      try demand(done.kind, done.item)
      try ImportStore.note("done \(done.kind)", done.item, of: record.id, in: connection)
    }
  }

  private func add(_ experiment: ImportedExperiment) throws {
    if try ImportStore.has("experiment", experiment.id, of: record.id, in: connection) { return }
    var number: Int64
    if let known = try TrackingImport.findExperiment(named: experiment.name, in: connection) {
      let isFree = try known == 0 && TrackingImport.isEmpty(known, in: connection)
      guard isFree || record.intoExisting else {
        throw MartletError(
          .conflict, "an experiment '\(experiment.name.prefix(80))' is here already", fix: "add --into-existing")
      }
      number = known
      if isFree { try TrackingImport.take(experiment, as: known, in: connection) }
      // Only what this import wrote is compared at its end.
      try ImportStore.note(
        isFree ? "experiment" : "existing experiment", experiment.id, local: number, of: record.id, in: connection)
    } else {
      number = try TrackingImport.add(experiment, in: connection)
      try ImportStore.note("experiment", experiment.id, local: number, of: record.id, in: connection)
    }
    try ImportStore.note("experiment name", experiment.name, of: record.id, in: connection)
  }

  /// The number here of an experiment there.
  private func experiment(_ id: String) throws -> Int64 {
    for kind in ["experiment", "existing experiment"] {
      if let number = try ImportStore.local(kind, id, of: record.id, in: connection) { return number }
    }
    throw MartletError.invalidInput(
      "the experiment '\(id.prefix(80))' has not been sent", fix: "send experiments before what belongs to them")
  }

  private func add(_ run: ImportedRun) throws {
    if try ImportStore.has("run", run.id, of: record.id, in: connection) { return }
    guard try TrackingImport.add(run, to: try experiment(run.experiment), in: connection) || record.intoExisting else {
      throw MartletError(
        .conflict, "a run '\(run.id)' is here already, and this import did not bring it",
        fix: "add --into-existing to keep it, and to add the points and files that it lacks")
    }
    try ImportStore.note("run", run.id, of: record.id, in: connection)
  }

  private func add(_ model: ImportedLoggedModel) throws {
    if try ImportStore.has("logged model", model.id, of: record.id, in: connection) { return }
    guard try TrackingImport.add(model, to: try experiment(model.experiment), in: connection) || record.intoExisting
    else {
      throw MartletError(
        .conflict, "a logged model '\(model.id.prefix(80))' is here already, and this import did not bring it",
        fix: "add --into-existing to keep it, and to add the files that it lacks")
    }
    try ImportStore.note("logged model", model.id, of: record.id, in: connection)
  }

  private func show(_ file: ImportBatch.File) throws {
    var root: String?
    if let run = file.run {
      try demand("run", run)
      root = try TrackingImport.artifactRoot(run: run, in: connection)
    } else if let model = file.loggedModel {
      try demand("logged model", model)
      root = try TrackingImport.artifactRoot(loggedModel: model, in: connection)
    }
    guard let root else {
      throw MartletError.invalidInput("the file '\(file.path.prefix(200))' names neither a run nor a logged model here")
    }
    try TrackingImport.show(
      file.digest, size: file.size, at: file.path, below: root, time: now, in: connection)
  }

  private func add(_ model: ImportedModel) throws {
    if try ImportStore.has("model", model.name, of: record.id, in: connection) { return }
    let isNew = try RegistryImport.add(model, by: author, in: connection) { place in
      var root: String?
      if let run = place.run { root = try TrackingImport.artifactRoot(run: run, in: connection) }
      if let id = place.loggedModel { root = try TrackingImport.artifactRoot(loggedModel: id, in: connection) }
      guard let root else { return [] }
      return try TrackingImport.files(below: place.path.isEmpty ? root : "\(root)/\(place.path)", in: connection).map {
        ModelFile(path: $0.path, digest: $0.digest, size: $0.size)
      }
    }
    guard isNew || record.intoExisting else {
      throw MartletError(
        .conflict, "a model '\(model.name.prefix(80))' is here already", fix: "add --into-existing to leave it as it is"
      )
    }
    try ImportStore.note(isNew ? "model" : "existing model", model.name, of: record.id, in: connection)
  }

  private func demand(_ kind: String, _ item: String) throws {
    guard
      try ImportStore.has(kind, item, of: record.id, in: connection)
        || ImportStore.has("existing \(kind)", item, of: record.id, in: connection)
    else {
      throw MartletError.invalidInput("the \(kind) '\(item.prefix(80))' has not been sent", fix: "send it first")
    }
  }
}
