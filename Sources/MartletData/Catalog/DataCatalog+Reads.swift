import MartletArtifacts
package import MartletCore
import MartletStore

extension DataCatalog {
  /// The newest version; nil before the first delivery.
  package func head(_ key: DatasetKey) async throws -> DataVersion? {
    try await database.read { connection in
      try DatasetStore.get(key, connection).head.flatMap { try VersionStore.find(key, number: $0, connection) }
    }
  }

  /// A dataset's versions, newest first; the token is the last number of the page before.
  package func versions(_ key: DatasetKey, limit: Int = 50, token: String? = nil) async throws -> Page<DataVersion> {
    let before = try token.map { token in
      guard let number = Int(token) else {
        throw MartletError.invalidInput("'\(token.prefix(40))' is not a page token")
      }
      return number
    }
    let size = min(max(1, limit), 1000)
    let versions = try await database.read { connection in
      _ = try DatasetStore.get(key, connection)
      return try VersionStore.list(key, before: before ?? Int.max, limit: size + 1, connection)
    }
    guard versions.count > size else { return Page(versions) }
    return Page(Array(versions.prefix(size)), nextToken: String(versions[size - 1].number))
  }

  /// One version by its number (`3`), its id, the beginning of its id, or `latest`.
  package func version(_ key: DatasetKey, _ reference: String = "latest") async throws -> DataVersion {
    let found: DataVersion? = try await database.read { connection in
      let record = try DatasetStore.get(key, connection)
      if reference == "latest" { return try record.head.flatMap { try VersionStore.find(key, number: $0, connection) } }
      if let number = Int(reference), number < 1_000_000 {
        return try VersionStore.find(key, number: number, connection)
      }
      guard reference.utf8.count >= 6, reference.allSatisfy(\.isHexDigit) else { return nil }
      let matches = try VersionStore.find(key, id: reference, connection)
      return matches.count == 1 ? matches[0] : nil
    }
    guard let found else {
      throw MartletError.notFound(
        "the dataset \(key) has no version '\(reference.prefix(70))'",
        fix: "write a version's number, the beginning of its id, or latest")
    }
    return found
  }

  /// The files and the schema that a version is made of.
  package func manifest(_ version: DataVersion) async throws -> Manifest {
    guard let digest = Digest(hex: version.id.text) else {
      throw MartletError(.internalError, "the id of version \(version.number) of \(version.dataset) is not a digest")
    }
    return try JSON.parse(try await artifacts.read(digest)).decode()
  }

  /// The local Parquet files of a version (nil: the newest), of all partitions or of those from `from` up to and with `to`.
  package func files(of key: DatasetKey, version: DataVersion? = nil, from: String? = nil, to: String? = nil)
    async throws
    -> [DataFile]
  {
    let files: [CommittedFile]
    if let version {
      files = try await manifest(version).files.map {
        CommittedFile(partition: $0.partition, digest: $0.digest, rows: $0.rows, bytes: $0.bytes)
      }
    } else {
      files = try await database.read { connection in
        _ = try DatasetStore.get(key, connection)
        return try DeliveryStore.committedFiles(key, overlapping: nil, connection)
      }
    }
    return try await local(
      files.filter { file in
        (from.map { file.partition >= $0 } ?? true) && (to.map { file.partition <= $0 } ?? true)
      })
  }

  private func local(_ files: [CommittedFile]) async throws -> [DataFile] {
    var local: [DataFile] = []
    for file in files { local.append(try await self.local(file)) }
    return local
  }

  private func local(_ file: CommittedFile) async throws -> DataFile {
    DataFile(
      partition: file.partition, digest: file.digest, path: try await artifacts.path(of: file.digest), rows: file.rows,
      bytes: file.bytes, format: .parquet, firstTime: file.firstTime, lastTime: file.lastTime)
  }

  /// What jobs read: the newest version and, if asked for, the rows pushed since.
  ///
  /// - Parameter bounds: leaves out files that have no row in these bounds of the time column.
  package func snapshot(_ key: DatasetKey, tail: Bool = true, overlapping bounds: ClosedRange<Timestamp>? = nil)
    async throws -> DatasetSnapshot
  {
    let (record, files, segments, head) = try await database.read { connection in
      let record = try DatasetStore.get(key, connection)
      return (
        record, try DeliveryStore.committedFiles(key, overlapping: bounds, connection),
        tail ? try TailStore.list(key, overlapping: bounds, connection) : [],
        try record.head.flatMap { try VersionStore.find(key, number: $0, connection) }
      )
    }
    return DatasetSnapshot(
      dataset: key, version: head?.id, schema: try contract(of: record), key: record.definition.key,
      time: record.definition.time, files: try await local(files), tail: try await local(segments))
  }

  /// What jobs read of an older version.
  package func snapshot(of version: DataVersion) async throws -> DatasetSnapshot {
    let record = try await dataset(version.dataset)
    let manifest = try await manifest(version)
    return DatasetSnapshot(
      dataset: version.dataset, version: version.id, schema: manifest.schema, key: record.definition.key,
      time: record.definition.time, files: try await files(of: version.dataset, version: version), tail: [])
  }

  func local(_ segments: [TailSegment]) async throws -> [DataFile] {
    var local: [DataFile] = []
    for segment in segments { local.append(try await self.local(segment)) }
    return local
  }

  private func local(_ segment: TailSegment) async throws -> DataFile {
    DataFile(
      partition: segment.partition, digest: segment.digest, path: try await artifacts.path(of: segment.digest),
      rows: segment.rows, bytes: segment.bytes, format: .csv, firstTime: segment.firstTime, lastTime: segment.lastTime)
  }

  /// The contract: learned, or declared in full.
  func contract(of record: DatasetRecord) throws -> DataSchema {
    if let contract = record.contract { return contract }
    let declared = try record.definition.schema.declared()
    guard !declared.isEmpty else {
      throw MartletError(
        .conflict, "the dataset \(record.key) has no data yet, and its columns are not declared",
        fix: "deliver its first file, or declare its schema in the project file")
    }
    return DataSchema(declared)
  }
}
