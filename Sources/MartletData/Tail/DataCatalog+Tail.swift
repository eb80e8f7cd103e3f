import MartletArtifacts
package import MartletCore
import MartletStore
import NIOPosix

/// What came of pushed rows.
package struct AppendReport: Sendable, Hashable, Codable {
  /// Rows kept in the live tail, durable when this is returned.
  package var accepted: Int64
  /// Rows of partitions that are committed already: the delivered file stands, these were not kept.
  package var covered: Int64
  package var partitions: [String]
  /// The earliest time of a row that was kept, where the dataset has a time column.
  package var earliest: Timestamp?
}

extension DataCatalog {
  /// Adds rows to the live tail of a dataset, all or none; when it returns they are on disk.
  ///
  /// They are kept until a file for their partition is committed, and count until then: features are computed from
  /// committed rows and these.
  /// - Throws: an error that names the first row that does not fit the contract.
  package func appendRows(
    _ key: DatasetKey, _ bytes: [UInt8], format: UploadFormat, at eventTime: Timestamp, by author: Author
  )
    async throws -> AppendReport
  {
    let record = try await dataset(key)
    let rows = PushedRows(schema: try contract(of: record), definition: record.definition)
    let groups = try await NIOThreadPool.singleton.runIfActive { try rows.read(bytes, format) }
    var segments: [TailSegment] = []
    for (partition, group) in groups.sorted(by: { $0.key < $1.key }) {
      let blob = try await artifacts.put(bytes: group.csv)
      segments.append(
        TailSegment(
          partition: partition, digest: blob.digest, rows: group.rows, bytes: Int64(blob.size),
          firstTime: group.firstTime,
          lastTime: group.lastTime))
    }
    let (all, now) = (segments, clock.now)
    let kept = try await database.write { connection in
      let committed = try TailStore.committed(all.map(\.partition), key, connection)
      let kept = all.filter { !committed.contains($0.partition) }
      for segment in kept { try TailStore.insert(segment, key, at: eventTime, now: now, by: author, connection) }
      return kept
    }
    let accepted = kept.reduce(0) { $0 + $1.rows }
    return AppendReport(
      accepted: accepted, covered: all.reduce(0) { $0 + $1.rows } - accepted, partitions: kept.map(\.partition),
      earliest: kept.compactMap(\.firstTime).min())
  }

  /// The files of the live tail, oldest push first.
  package func tail(_ key: DatasetKey) async throws -> [DataFile] {
    let segments = try await database.read { connection in
      _ = try DatasetStore.get(key, connection)
      return try TailStore.list(key, overlapping: nil, connection)
    }
    return try await local(segments)
  }
}
