import MartletCore
import MartletStore

extension DataCatalog {
  /// The control charts of a dataset, with quarantined partitions beside the committed ones.
  package func charts(_ key: DatasetKey) async throws -> [ControlSeries] {
    let (record, committed, held) = try await database.read { connection in
      let files = try DeliveryStore.committedFiles(key, overlapping: nil, connection)
      return (
        try DatasetStore.get(key, connection), try points(files, key, connection),
        try DeliveryStore.list(key, .quarantined, connection)
      )
    }
    return ControlJudge.judge(
      record, history: committed,
      new: held.map { ControlPoint(partition: $0.partition, statistics: $0.statistics) },
      quarantined: Set(held.map(\.partition))
    ).series
  }
}
