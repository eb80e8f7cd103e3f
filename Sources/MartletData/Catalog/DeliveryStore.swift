import MartletCore
import MartletStore

/// The table `data_deliveries`: every delivery of every partition, and which of them count.
enum DeliveryStore {
  private static let columns = """
    id, partition_name, status, digest, row_count, byte_count, first_time, last_time, source_digest, source_name,
    event_time, delivered_at, author, version, statistics, findings
    """

  static func insert(_ delivery: Delivery, _ key: DatasetKey, _ connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO data_deliveries (project, name, partition_name, status, digest, row_count, byte_count, first_time,
        last_time, source_digest, source_name, event_time, delivered_at, author, version, statistics, findings)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        SQLValue(key.project), SQLValue(key.name), .text(delivery.partition), .text(delivery.status.rawValue),
        .text(delivery.digest.hex), .integer(delivery.rows), .integer(delivery.bytes), SQLValue(delivery.firstTime),
        SQLValue(delivery.lastTime), .text(delivery.source.hex), .text(delivery.sourceName),
        SQLValue(delivery.eventTime),
        SQLValue(delivery.deliveredAt), .text(delivery.author), SQLValue(delivery.version.map(Int64.init)),
        SQLValue(try JSON(encoding: delivery.statistics)), SQLValue(try JSON(encoding: delivery.findings)),
      ])
  }

  /// In the order of partitions, then of delivery.
  static func list(_ key: DatasetKey, _ status: Delivery.Status, _ connection: any SQLConnection) throws -> [Delivery] {
    try connection.rows(
      "SELECT \(columns) FROM data_deliveries WHERE project = ? AND name = ? AND status = ? ORDER BY partition_name, id",
      [SQLValue(key.project), SQLValue(key.name), .text(status.rawValue)], delivery)
  }

  /// All deliveries of one partition, newest first.
  static func history(_ key: DatasetKey, partition: String, _ connection: any SQLConnection) throws -> [Delivery] {
    try connection.rows(
      "SELECT \(columns) FROM data_deliveries WHERE project = ? AND name = ? AND partition_name = ? ORDER BY id DESC",
      [SQLValue(key.project), SQLValue(key.name), .text(partition)], delivery)
  }

  static func find(_ key: DatasetKey, id: Int64, _ connection: any SQLConnection) throws -> Delivery? {
    try connection.first(
      "SELECT \(columns) FROM data_deliveries WHERE project = ? AND name = ? AND id = ?",
      [SQLValue(key.project), SQLValue(key.name), .integer(id)], delivery)
  }

  /// The files of the newest version without their statistics, in the order of partitions.
  static func committedFiles(
    _ key: DatasetKey, overlapping bounds: ClosedRange<Timestamp>?, _ connection: any SQLConnection
  ) throws -> [CommittedFile] {
    var condition = "project = ? AND name = ? AND status = 'committed'"
    var arguments = [SQLValue(key.project), SQLValue(key.name)]
    if let bounds {
      condition += " AND (last_time IS NULL OR last_time >= ?) AND (first_time IS NULL OR first_time <= ?)"
      arguments += [SQLValue(bounds.lowerBound), SQLValue(bounds.upperBound)]
    }
    return try connection.rows(
      """
      SELECT partition_name, digest, row_count, byte_count, first_time, last_time FROM data_deliveries
      WHERE \(condition) ORDER BY partition_name
      """, arguments
    ) { row in
      CommittedFile(
        partition: try row.text(0), digest: try digest(row, 1), rows: try row.integer(2), bytes: try row.integer(3),
        firstTime: try row.optionalTime(4), lastTime: try row.optionalTime(5))
    }
  }

  /// What was measured of a committed file.
  static func statistics(_ key: DatasetKey, of file: CommittedFile, _ connection: any SQLConnection) throws
    -> PartitionStatistics?
  {
    try connection.first(
      """
      SELECT statistics FROM data_deliveries
      WHERE project = ? AND name = ? AND partition_name = ? AND status = 'committed' AND digest = ?
      """, [SQLValue(key.project), SQLValue(key.name), .text(file.partition), .text(file.digest.hex)]
    ) { try $0.json(0).decode() }
  }

  static func setStatus(
    _ status: Delivery.Status, from old: Delivery.Status, _ key: DatasetKey, partition: String,
    _ connection: any SQLConnection
  ) throws {
    try connection.execute(
      "UPDATE data_deliveries SET status = ? WHERE project = ? AND name = ? AND partition_name = ? AND status = ?",
      [.text(status.rawValue), SQLValue(key.project), SQLValue(key.name), .text(partition), .text(old.rawValue)])
  }

  static func commit(_ id: Int64, version: Int, _ connection: any SQLConnection) throws {
    try connection.execute(
      "UPDATE data_deliveries SET status = 'committed', version = ? WHERE id = ?", [SQLValue(version), .integer(id)])
  }

  private static func digest(_ row: SQLRow, _ position: Int) throws -> Digest {
    guard let digest = Digest(hex: try row.text(position)) else {
      throw MartletError(.internalError, "a stored digest is damaged")
    }
    return digest
  }

  private static func delivery(_ row: SQLRow) throws -> Delivery {
    guard let status = Delivery.Status(rawValue: try row.text(2)) else {
      throw MartletError(.internalError, "a stored delivery has an unknown status")
    }
    return Delivery(
      id: try row.integer(0), partition: try row.text(1), status: status, digest: try digest(row, 3),
      rows: try row.integer(4), bytes: try row.integer(5), firstTime: try row.optionalTime(6),
      lastTime: try row.optionalTime(7), source: try digest(row, 8), sourceName: try row.text(9),
      eventTime: try row.time(10), deliveredAt: try row.time(11), author: try row.text(12),
      version: try row.optionalInteger(13).map(Int.init), statistics: try row.json(14).decode(),
      findings: try row.json(15).decode())
  }
}

/// One file of the newest version.
struct CommittedFile: Sendable {
  var partition: String
  var digest: Digest
  var rows: Int64
  var bytes: Int64
  var firstTime: Timestamp?
  var lastTime: Timestamp?
}
