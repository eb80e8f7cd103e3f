package import MartletCore
import MartletStore

extension DataCatalog {
  /// The partitions that are held back now, with what was found.
  package func quarantine(_ key: DatasetKey) async throws -> [Delivery] {
    try await database.read { connection in
      _ = try DatasetStore.get(key, connection)
      return try DeliveryStore.list(key, .quarantined, connection)
    }
  }

  /// All deliveries of one partition, newest first: which uploads it came from and what was found in each.
  package func deliveries(_ key: DatasetKey, partition: String) async throws -> [Delivery] {
    try await database.read { connection in
      _ = try DatasetStore.get(key, connection)
      return try DeliveryStore.history(key, partition: partition, connection)
    }
  }

  /// A person decides that a quarantined partition is right after all: it is committed as it is, with the reason kept.
  package func release(_ key: DatasetKey, partition: String, reason: String, at eventTime: Timestamp, by author: Author)
    async throws -> IngestReport
  {
    guard !reason.allSatisfy(\.isWhitespace) else {
      throw MartletError.invalidInput(
        "a quarantined partition is released only with a reason", fix: "say why it is right")
    }
    let (record, held) = try await database.read { connection in
      (try DatasetStore.get(key, connection), try DeliveryStore.list(key, .quarantined, connection))
    }
    guard let delivery = held.last(where: { $0.partition == partition }) else {
      throw MartletError.notFound(
        "no partition '\(partition)' of \(key) is quarantined",
        fix: held.isEmpty
          ? "nothing is held back" : "held back are: \(held.map(\.partition).prefix(20).joined(separator: ", "))")
    }
    guard let contract = record.contract else {
      throw MartletError(
        .conflict, "the dataset \(key) has no contract yet", fix: "deliver data that passes its checks first")
    }
    return try await commit(
      [PendingPartition(delivery)], to: key, contract: contract, at: eventTime, by: author, reason: reason)
  }
}

extension PendingPartition {
  fileprivate init(_ delivery: Delivery) {
    self.init(
      partition: delivery.partition, digest: delivery.digest, rows: delivery.rows, bytes: delivery.bytes,
      firstTime: delivery.firstTime, lastTime: delivery.lastTime, source: delivery.source,
      sourceName: delivery.sourceName,
      statistics: delivery.statistics, findings: delivery.findings, quarantinedAs: delivery.id)
  }
}
