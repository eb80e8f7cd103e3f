package import MartletArtifacts
package import MartletCore
import MartletLedger
import MartletRegistry
package import MartletStore
import MartletTracking

/// Takes what a client reads from another MLflow server, file or folder, with the ids and times it had there.
///
/// The server itself reads nothing through an address that somebody gives: the client brings everything. Each request is
/// one transaction with its ledger entry, and repeating one changes nothing, so an import that broke off is simply run
/// again.
package struct Imports: Sendable {
  let database: any Database
  let artifacts: ArtifactStore
  let clock: WallClock

  package init(database: any Database, artifacts: ArtifactStore, clock: WallClock) {
    self.database = database
    self.artifacts = artifacts
    self.clock = clock
  }

  /// Starts an import, or goes on with the last one of the same source.
  ///
  /// - Parameters:
  ///   - experiments: names of all experiments there; ones that are here already and were not brought by this import
  ///     refuse it, unless `intoExisting`. The experiment `Default` may be here as long as nothing is in it.
  ///   - models: names of all registered models there, likewise.
  package func begin(
    source: String, intoExisting: Bool, experiments: [String], models: [String], by author: Author
  ) async throws -> ImportRecord {
    let now = clock.now
    return try await database.write { connection in
      let known = try ImportStore.find(source: source, in: connection)
      let new = ImportRecord(
        id: .random(), source: source, intoExisting: intoExisting, state: .open, author: author.name, createdAt: now,
        updatedAt: now, report: nil, counts: [:])
      var record = try known.map { try ImportStore.get($0, in: connection) } ?? new
      if !intoExisting {
        try Self.refuseTaken(experiments, models, of: record.id, in: connection)
      }
      (record.state, record.intoExisting, record.updatedAt) = (.open, intoExisting, now)
      if known == nil { try ImportStore.insert(record, in: connection) }
      try ImportStore.update(record, in: connection)
      try Ledger.append(
        LedgerEntry(
          action: known == nil ? "import.started" : "import.continued", object: "import:\(record.id)", before: nil,
          after: ["source": .string(source), "into_existing": .boolean(intoExisting)]), by: author, at: now,
        in: connection)
      return record
    }
  }

  private static func refuseTaken(
    _ experiments: [String], _ models: [String], of id: ImportID, in connection: any SQLConnection
  ) throws {
    var taken: [String] = []
    for name in experiments {
      guard let number = try TrackingImport.findExperiment(named: name, in: connection),
        try !ImportStore.has("experiment name", name, of: id, in: connection),
        try !(number == 0 && TrackingImport.isEmpty(0, in: connection))
      else { continue }
      taken.append("experiment '\(name.prefix(80))'")
    }
    for name in models where try RegistryImport.read(name, in: connection) != nil {
      if try !ImportStore.has("model", name, of: id, in: connection) { taken.append("model '\(name.prefix(80))'") }
    }
    guard taken.isEmpty else {
      throw MartletError(
        .conflict, "\(taken.count) names are here already: \(taken.prefix(10).joined(separator: ", "))",
        cause: "nothing has been imported",
        fix: "rename them on one side, or add --into-existing: runs are then added to experiments of the same name, "
          + "and models that are here stay as they are")
    }
  }

  /// For a file's bytes, which batches then name by their digest.
  package func writer() async throws -> BlobWriter { try await artifacts.writer() }

  package func record(_ id: ImportID) async throws -> ImportRecord {
    try await database.read { try ImportStore.counted(id, in: $0) }
  }

  /// - Throws: `.notFound` when there is no such import.
  package func demand(_ id: ImportID) async throws {
    _ = try await database.read { try ImportStore.get(id, in: $0) }
  }

  package func records(limit: Int = 100) async throws -> [ImportRecord] {
    try await database.read { try ImportStore.list(limit: limit, in: $0) }
  }

  /// Which of these have not been brought completely yet; for `blob`, which are not stored here; for `own experiment`
  /// and `own model`, which were here before.
  package func missing(_ kind: String, _ items: [String], of id: ImportID) async throws -> [String] {
    if kind == "blob" {
      var missing: [String] = []
      for item in items {
        guard let digest = Digest(hex: item), try await artifacts.exists(digest) else {
          missing.append(item)
          continue
        }
      }
      return missing
    }
    return try await database.read { connection in
      _ = try ImportStore.get(id, in: connection)
      if kind.hasPrefix("own ") {
        let own = String(kind.dropFirst("own ".count))
        return try items.filter { try !ImportStore.has(own, $0, of: id, in: connection) }
      }
      return try items.filter { try !ImportStore.has("done \(kind)", $0, of: id, in: connection) }
    }
  }

  /// Applies a batch, whole or not at all.
  package func add(_ batch: ImportBatch, to id: ImportID, by author: Author) async throws {
    for file in batch.files where try await !artifacts.exists(file.digest) {
      throw MartletError.invalidInput(
        "the file \(file.digest.short)… has not been sent", fix: "send the blob first, then name it")
    }
    let now = clock.now
    try await database.write { connection in
      var record = try ImportStore.get(id, in: connection)
      guard record.state == .open else {
        throw MartletError(.conflict, "the import '\(id)' is over", fix: "begin it again")
      }
      let writer = ImportWriter(record: record, author: author, now: now, connection: connection)
      try writer.write(batch)
      record.updatedAt = now
      try ImportStore.update(record, in: connection)
      try Ledger.append(
        LedgerEntry(action: "import.added", object: "import:\(id)", before: nil, after: batch.summary), by: author,
        at: now, in: connection)
    }
  }

  /// Ends an import with the comparison of both sides.
  ///
  /// - Parameter theirs: what the client counted at the source.
  package func finish(_ id: ImportID, theirs: TransferTally, by author: Author) async throws -> ImportRecord {
    let ours = try await tally(id)
    let now = clock.now
    try await database.write { connection in
      var record = try ImportStore.get(id, in: connection)
      record.report = ["theirs": theirs.json, "ours": ours.json]
      record.state = theirs == ours ? .verified : .differs
      record.updatedAt = now
      try ImportStore.update(record, in: connection)
      try Ledger.append(
        LedgerEntry(
          action: "import.\(record.state.rawValue)", object: "import:\(id)", before: nil, after: record.report),
        by: author, at: now, in: connection)
    }
    return try await record(id)
  }
}
