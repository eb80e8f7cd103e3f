import MartletArtifacts
import MartletCore
import MartletLedger
import MartletStore

extension DataCatalog {
  /// Judges the partitions against the history, quarantines or commits each, and moves the head.
  ///
  /// When another delivery moved the head in between, it starts again from there.
  func commit(
    _ pending: [PendingPartition], to key: DatasetKey, contract: DataSchema, at eventTime: Timestamp, by author: Author,
    reason: String? = nil
  ) async throws -> IngestReport {
    for _ in 0..<5 {
      let base = try await base(of: key)
      var judged = pending
      let series = ControlJudge.judge(base.record, history: base.points, new: pending.map(\.point))
      for index in judged.indices { judged[index].findings += series.findings(for: judged[index].partition) }
      let plan = CommitPlan(judged, base)
      let manifest = plan.manifest(contract, eventTime)
      let blob = plan.commits.isEmpty ? nil : try await artifacts.put(bytes: try JSON(encoding: manifest).bytes)
      let version = blob.map { plan.version(DataVersionID($0.digest.hex), manifest, by: author, at: clock.now) }
      let report = plan.report(version, contract)
      let now = clock.now
      let done = try await database.write { connection in
        try plan.apply(version, contract, at: eventTime, now: now, by: author, reason: reason, connection)
      }
      if done { return report }
    }
    throw MartletError(
      .conflict, "the dataset \(key) was changed by others again and again", fix: "deliver one file after the other")
  }

  /// What a commit starts from: one consistent state.
  struct Base: Sendable {
    var record: DatasetRecord
    var files: [CommittedFile]
    var parent: DataVersion?
    /// Partitions held back now, with their content.
    var quarantined: [String: Digest]
    var points: [ControlPoint]
  }

  private func base(of key: DatasetKey) async throws -> Base {
    try await database.read { connection in
      let record = try DatasetStore.get(key, connection)
      let files = try DeliveryStore.committedFiles(key, overlapping: nil, connection)
      let quarantined = try DeliveryStore.list(key, .quarantined, connection).map { ($0.partition, $0.digest) }
      return Base(
        record: record, files: files,
        parent: try record.head.flatMap { try VersionStore.find(key, number: $0, connection) },
        quarantined: Dictionary(quarantined) { $1 }, points: try points(files, key, connection))
    }
  }

  /// The committed partitions as control charts see them; statistics of immutable files are read once.
  func points(_ files: [CommittedFile], _ key: DatasetKey, _ connection: any SQLConnection) throws -> [ControlPoint] {
    for file in files where statistics[file.digest] == nil {
      guard let found = try DeliveryStore.statistics(key, of: file, connection) else { continue }
      statistics.keep(found, of: file.digest)
    }
    return files.compactMap { file in
      statistics[file.digest].map { ControlPoint(partition: file.partition, statistics: $0) }
    }
  }
}

extension PendingPartition {
  var point: ControlPoint { ControlPoint(partition: partition, statistics: statistics) }
}

/// What to do with each partition of a delivery, decided before the transaction that does it.
struct CommitPlan: Sendable {
  let base: DataCatalog.Base
  private(set) var commits: [PendingPartition] = []
  private var quarantines: [PendingPartition] = []
  private var outcomes: [IngestReport.Partition] = []

  init(_ pending: [PendingPartition], _ base: DataCatalog.Base) {
    self.base = base
    let committed = Dictionary(base.files.map { ($0.partition, $0.digest) }) { $1 }
    for partition in pending {
      let released = partition.quarantinedAs != nil
      let stopped = !released && partition.findings.contains { $0.severity == .error }
      let outcome: IngestReport.Outcome
      if committed[partition.partition] == partition.digest {
        outcome = .unchanged
      } else if stopped {
        outcome = .quarantined
        if base.quarantined[partition.partition] != partition.digest { quarantines.append(partition) }
      } else {
        let isRepair = committed[partition.partition] != nil || base.quarantined[partition.partition] != nil
        outcome = isRepair ? .repaired : .committed
        commits.append(partition)
      }
      outcomes.append(
        IngestReport.Partition(
          partition: partition.partition, outcome: outcome, rows: partition.rows, digest: partition.digest,
          findings: partition.findings))
    }
  }

  var key: DatasetKey { base.record.key }

  func manifest(_ schema: DataSchema, _ eventTime: Timestamp) -> Manifest {
    var files = Dictionary(
      base.files.map {
        ($0.partition, Manifest.File(partition: $0.partition, digest: $0.digest, rows: $0.rows, bytes: $0.bytes))
      }
    ) { $1 }
    for new in commits {
      files[new.partition] = Manifest.File(
        partition: new.partition, digest: new.digest, rows: new.rows, bytes: new.bytes)
    }
    return Manifest(
      dataset: key, parent: base.parent?.id, eventTime: eventTime, schema: schema,
      files: files.values.sorted { $0.partition < $1.partition })
  }

  func version(_ id: DataVersionID, _ manifest: Manifest, by author: Author, at now: Timestamp) -> DataVersion {
    let before = Set(base.files.map(\.partition))
    return DataVersion(
      dataset: key, id: id, number: (base.record.head ?? 0) + 1, parent: base.parent?.id, eventTime: manifest.eventTime,
      createdAt: now, author: author.name, rows: manifest.files.reduce(0) { $0 + $1.rows },
      bytes: manifest.files.reduce(0) { $0 + $1.bytes }, partitions: manifest.files.count,
      changes: VersionChanges(
        added: commits.map(\.partition).filter { !before.contains($0) },
        replaced: commits.map(\.partition).filter(before.contains)))
  }

  func report(_ version: DataVersion?, _ contract: DataSchema) -> IngestReport {
    IngestReport(
      dataset: key, version: version, partitions: outcomes,
      learnedContract: version != nil && base.record.contract == nil, contract: contract)
  }

  /// All of it in the caller's transaction; false when the head is no longer the plan's base.
  func apply(
    _ version: DataVersion?, _ contract: DataSchema, at eventTime: Timestamp, now: Timestamp, by author: Author,
    reason: String?, _ connection: any SQLConnection
  ) throws -> Bool {
    if let version {
      guard try DatasetStore.moveHead(key, from: base.record.head, to: version.number, connection) else { return false }
      try learn(contract, now, author, connection)
      try VersionStore.insert(version, connection)
      for partition in commits { try commit(partition, version, now, author, connection) }
      try Ledger.append(
        LedgerEntry(
          action: "dataset.version.committed", object: "\(key.ledgerObject)@\(version.number)",
          before: base.parent.map { .object(["version": .string($0.id.text)]) }, after: try JSON(snakeCase: version),
          reason: reason),
        by: author, at: eventTime, in: connection)
    }
    for partition in quarantines { try quarantine(partition, eventTime, now, author, connection) }
    return true
  }

  /// The first delivery settles the contract and up to where control limits are learned.
  private func learn(_ contract: DataSchema, _ now: Timestamp, _ author: Author, _ connection: any SQLConnection) throws
  {
    guard base.record.contract == nil else { return }
    var record = base.record
    record.contract = contract
    record.baseline = commits.map(\.partition).max()
    record.updatedAt = now
    try DatasetStore.save(record, by: author, connection)
  }

  private func commit(
    _ partition: PendingPartition, _ version: DataVersion, _ now: Timestamp, _ author: Author,
    _ connection: any SQLConnection
  ) throws {
    try DeliveryStore.setStatus(.superseded, from: .committed, key, partition: partition.partition, connection)
    if let id = partition.quarantinedAs { try DeliveryStore.commit(id, version: version.number, connection) }
    try DeliveryStore.setStatus(.resolved, from: .quarantined, key, partition: partition.partition, connection)
    if partition.quarantinedAs == nil {
      try DeliveryStore.insert(
        partition.delivery(.committed, version.number, version.eventTime, now, author), key, connection)
    }
    try TailStore.delete(key, partition: partition.partition, connection)
  }

  private func quarantine(
    _ partition: PendingPartition, _ eventTime: Timestamp, _ now: Timestamp, _ author: Author,
    _ connection: any SQLConnection
  ) throws {
    try DeliveryStore.setStatus(.resolved, from: .quarantined, key, partition: partition.partition, connection)
    try DeliveryStore.insert(partition.delivery(.quarantined, nil, eventTime, now, author), key, connection)
    let reasons = partition.findings.filter { $0.severity == .error }
    try Ledger.append(
      LedgerEntry(
        action: "dataset.partition.quarantined", object: "\(key.ledgerObject)/\(partition.partition)", before: nil,
        after: .object([
          "digest": .string(partition.digest.hex), "rows": .integer(partition.rows),
          "checks": .array(reasons.map { .string($0.check) }),
        ]),
        reason: reasons.prefix(5).map { "\($0.check): \($0.message)" }.joined(separator: "; ")),
      by: author, at: eventTime, in: connection)
  }
}

extension PendingPartition {
  fileprivate func delivery(
    _ status: Delivery.Status, _ version: Int?, _ eventTime: Timestamp, _ now: Timestamp, _ author: Author
  ) -> Delivery {
    Delivery(
      id: 0, partition: partition, status: status, digest: digest, rows: rows, bytes: bytes, firstTime: firstTime,
      lastTime: lastTime, source: source, sourceName: sourceName, eventTime: eventTime, deliveredAt: now,
      author: author.name, version: version, statistics: statistics, findings: findings)
  }
}
