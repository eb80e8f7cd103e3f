import MartletCore
import MartletExchange
import MartletLifecycle
import MartletTracking

/// Brings everything from another MLflow to a server: what is there completely is passed over, so that an import which
/// broke off goes on where it was.
struct MLflowImport {
  let source: any MLflowSource
  let target: ImportTarget
  let digests = FileDigests()
  let line: ProgressLine

  /// Copies, compares, and returns the import's record.
  func run(experiments: [ImportedExperiment], models: [String]) async throws -> JSON {
    let size = try await source.size()
    let outbox = ImportOutbox(target: target)
    for experiment in experiments {
      var sent = experiment
      sent.artifactLocation = source.lastingAddress(experiment.artifactLocation)
      try await outbox.add(sent)
    }
    let progress = TransferProgress("copying", of: size, on: line)
    for experiment in experiments { try await copy(experiment, outbox, progress) }
    try await outbox.flush()
    let missing = try await target.missing("model", models)
    for name in models where missing.contains(name) { try await outbox.add(try await source.model(name)) }
    try await outbox.flush()
    for remark in try await target.send(try await source.webhooks()) { line.line(remark) }
    return try await compare(size)
  }

  private func copy(_ experiment: ImportedExperiment, _ outbox: ImportOutbox, _ progress: TransferProgress)
    async throws
  {
    try await source.forEachRuns(of: experiment.id) { runs in
      let missing = try await target.missing("run", runs.map(\.id))
      try await copy(runs.filter { missing.contains($0.id) }, outbox, progress)
      progress.count(runs: runs.count)
    }
    try await source.forEachLoggedModels(of: experiment.id) { models in
      let missing = try await target.missing("logged model", models.map(\.id))
      for model in models where missing.contains(model.id) { try await copy(model, outbox) }
    }
  }

  private func copy(_ runs: [ImportedRun], _ outbox: ImportOutbox, _ progress: TransferProgress) async throws {
    for run in runs {
      var sent = run
      sent.artifactPlace = source.lastingAddress(run.artifactPlace)
      try await outbox.add(sent)
    }
    try await source.forEachSeries(of: runs) { series in
      for part in series { try await outbox.add(part) }
      progress.count(points: series.reduce(0) { $0 + $1.count })
    }
    for run in runs {
      try await sendFiles(of: .run(run.id), run.artifactPlace, outbox)
      try await outbox.done("run", run.id)
    }
  }

  private func copy(_ model: ImportedLoggedModel, _ outbox: ImportOutbox) async throws {
    var sent = model
    sent.artifactPlace = source.lastingAddress(model.artifactPlace)
    try await outbox.add(sent)
    try await sendFiles(of: .loggedModel(model.id), model.artifactPlace, outbox)
    try await outbox.done("logged model", model.id)
  }

  private func sendFiles(of owner: ArtifactOwner, _ uri: String?, _ outbox: ImportOutbox) async throws {
    guard case .files(let files) = try await source.artifacts(of: owner, uri: uri) else { return }
    for file in files {
      line.show("\(owner.text): \(file.path)")
      if try await !isThere(file, owner) { try await target.send(file, owner, from: source, digests) }
      let blob = try await digests.blob(of: file, owner, at: source)
      try await outbox.add(file: file.path, of: owner, blob)
    }
  }

  /// Whether the server has the bytes already. Only files of this machine are read to find out.
  private func isThere(_ file: ForeignFile, _ owner: ArtifactOwner) async throws -> Bool {
    guard case .local = file.place else { return false }
    let digest = try await digests.blob(of: file, owner, at: source).digest.hex
    return try await target.missing("blob", [digest]).isEmpty
  }

  private func compare(_ size: SourceSize) async throws -> JSON {
    let target = target
    let tally = SourceTally(
      source: source, digests: digests,
      experiments: { all in
        let others = try await target.missing("own experiment", all.map(\.id))
        return all.filter { !others.contains($0.id) }
      },
      models: { all in
        let others = try await target.missing("own model", all)
        return all.filter { !others.contains($0) }
      })
    let progress = TransferProgress("comparing", of: size, on: line)
    let theirs = try await tally.count { progress.count(runs: $0, points: $1) }
    line.show("comparing: the server counts what is here")
    return try await target.finish(theirs.json)
  }
}
