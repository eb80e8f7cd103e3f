import MartletCore
import MartletStore

/// Rows of one partition that one push brought.
struct TailSegment: Sendable {
  var partition: String
  var digest: Digest
  var rows: Int64
  var bytes: Int64
  var firstTime: Timestamp?
  var lastTime: Timestamp?
}

/// The table `data_tail`: pushed rows whose partition is not committed yet.
enum TailStore {
  static func insert(
    _ segment: TailSegment, _ key: DatasetKey, at eventTime: Timestamp, now: Timestamp, by author: Author,
    _ connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO data_tail (project, name, partition_name, digest, row_count, byte_count, first_time, last_time,
        event_time, received_at, author)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        SQLValue(key.project), SQLValue(key.name), .text(segment.partition), .text(segment.digest.hex),
        .integer(segment.rows), .integer(segment.bytes), SQLValue(segment.firstTime), SQLValue(segment.lastTime),
        SQLValue(eventTime), SQLValue(now), .text(author.name),
      ])
  }

  /// Oldest push first.
  static func list(_ key: DatasetKey, overlapping bounds: ClosedRange<Timestamp>?, _ connection: any SQLConnection)
    throws
    -> [TailSegment]
  {
    var condition = "project = ? AND name = ?"
    var arguments = [SQLValue(key.project), SQLValue(key.name)]
    if let bounds {
      condition += " AND (last_time IS NULL OR last_time >= ?) AND (first_time IS NULL OR first_time <= ?)"
      arguments += [SQLValue(bounds.lowerBound), SQLValue(bounds.upperBound)]
    }
    return try connection.rows(
      """
      SELECT partition_name, digest, row_count, byte_count, first_time, last_time FROM data_tail
      WHERE \(condition) ORDER BY id
      """, arguments
    ) { row in
      guard let digest = Digest(hex: try row.text(1)) else {
        throw MartletError(.internalError, "a stored digest is damaged")
      }
      return TailSegment(
        partition: try row.text(0), digest: digest, rows: try row.integer(2), bytes: try row.integer(3),
        firstTime: try row.optionalTime(4), lastTime: try row.optionalTime(5))
    }
  }

  static func delete(_ key: DatasetKey, partition: String, _ connection: any SQLConnection) throws {
    try connection.execute(
      "DELETE FROM data_tail WHERE project = ? AND name = ? AND partition_name = ?",
      [SQLValue(key.project), SQLValue(key.name), .text(partition)])
  }

  /// Which of these partitions are committed.
  static func committed(_ partitions: [String], _ key: DatasetKey, _ connection: any SQLConnection) throws -> Set<
    String
  > {
    let marks = partitions.map { _ in "?" }.joined(separator: ", ")
    return Set(
      try connection.rows(
        """
        SELECT partition_name FROM data_deliveries
        WHERE project = ? AND name = ? AND status = 'committed' AND partition_name IN (\(marks))
        """, [SQLValue(key.project), SQLValue(key.name)] + partitions.map(SQLValue.text)
      ) { try $0.text(0) })
  }
}
