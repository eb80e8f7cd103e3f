import Foundation
package import MartletArtifacts
package import MartletCore
package import MartletJobs

extension DataCatalog {
  /// Reads, checks, measures and commits a delivered file that is already in the artifact store.
  ///
  /// Partitions with findings of severity `error` are quarantined; the others become a new version. A partition that
  /// was there before is replaced, and only that one. Errors mean that nothing happened.
  /// - Parameters:
  ///   - upload: the delivered file in the artifact store.
  ///   - name: its name as it was sent, for lineage and to tell its format.
  ///   - format: nil is told from the name.
  ///   - partition: the one partition it is for; nil lets the rows decide.
  package func ingest(
    _ key: DatasetKey, upload: Blob, named name: String, format: UploadFormat? = nil, partition: String? = nil,
    at eventTime: Timestamp, by author: Author, limits: JobLimits = .standard,
    onProgress: @escaping @Sendable (JobProgress) -> Void = { _ in }
  ) async throws -> IngestReport {
    let record = try await dataset(key)
    let folder = try makeWorkFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let arguments = IngestArguments(
      upload: try await artifacts.path(of: upload.digest), format: try format ?? UploadFormat(fileName: name),
      partition: partition, definition: record.definition, contract: record.contract,
      references: try await referenceFiles(of: record), output: folder, eventTime: eventTime)
    let outcome = try await jobs.run(
      "data.ingest", arguments, limits: limits, returning: IngestOutcome.self, onProgress: onProgress)
    var pending: [PendingPartition] = []
    for partition in outcome.partitions {
      let blob = try await artifacts.put(file: partition.path)
      pending.append(
        PendingPartition(
          partition: partition.partition, digest: blob.digest, rows: partition.statistics.rows, bytes: Int64(blob.size),
          firstTime: partition.firstTime, lastTime: partition.lastTime, source: upload.digest, sourceName: name,
          statistics: partition.statistics, findings: partition.findings, quarantinedAs: nil))
    }
    return try await commit(pending, to: key, contract: outcome.contract, at: eventTime, by: author)
  }

  private func makeWorkFolder() throws -> String {
    let folder = "\(work)/ingest-\(UUID().uuidString.lowercased())"
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw MartletError(
        .unavailable, "the folder for the delivery could not be made", cause: "\(error)",
        fix: "check that the disk has space and that the data folder can be written")
    }
    return folder
  }

  /// The Parquet files of the datasets that foreign keys point to.
  private func referenceFiles(of record: DatasetRecord) async throws -> [String: [String]] {
    var files: [String: [String]] = [:]
    for expectation in record.definition.expect {
      guard case .foreignKey(_, let name, _) = expectation.check else { continue }
      let other = DatasetKey(project: record.key.project, name: name)
      files[name.text] = try await self.files(of: other).map(\.path)
    }
    return files
  }
}

/// A partition that is ready to be judged and committed.
struct PendingPartition: Sendable {
  var partition: String
  var digest: Digest
  var rows: Int64
  var bytes: Int64
  var firstTime: Timestamp?
  var lastTime: Timestamp?
  var source: Digest
  var sourceName: String
  var statistics: PartitionStatistics
  var findings: [Finding]
  /// The quarantined delivery that a person releases: it is committed whatever was found.
  var quarantinedAs: Int64?
}
