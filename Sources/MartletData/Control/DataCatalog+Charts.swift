package import MartletCore
import MartletStore

extension DataCatalog {
  /// The control charts of a dataset, with quarantined partitions beside the committed ones.
  package func charts(_ key: DatasetKey) async throws -> [ControlSeries] {
    let (record, committed, held) = try await database.read { connection in
      (
        try DatasetStore.get(key, connection), try DeliveryStore.list(key, .committed, connection),
        try DeliveryStore.list(key, .quarantined, connection)
      )
    }
    let point = { (delivery: Delivery) in ControlPoint(partition: delivery.partition, statistics: delivery.statistics) }
    return ControlJudge.judge(
      record, history: committed.map(point), new: held.map(point), quarantined: Set(held.map(\.partition))
    ).series
  }
}
