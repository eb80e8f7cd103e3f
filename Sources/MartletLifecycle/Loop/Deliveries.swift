package import MartletArtifacts
package import MartletCore
package import MartletData
import MartletFeatures
import MartletMonitoring
import MartletServing

/// Data as it arrives: partitions are checked and committed or held back, pushed rows reach the online features.
package struct Deliveries: Sendable {
  let platform: Platform

  package init(platform: Platform) { self.platform = platform }

  /// Takes a file that is in the artifact store already.
  ///
  /// - Parameter partition: nil lets the rows decide.
  package func deliver(
    _ upload: Blob, named name: String, to key: DatasetKey, partition: String?, by author: Author
  ) async throws -> IngestReport {
    let now = try await platform.now(of: key.project)
    let report = try await platform.data.ingest(
      key, upload: upload, named: name, partition: partition, at: now, by: author)
    for held in report.quarantined { try await notify(held, of: key, at: now) }
    // A first delivery fills the online tables; later ones follow the rows that were pushed.
    if report.learnedContract { try await refresh(key.project, reading: key.name, at: now) }
    return report
  }

  /// Takes rows for a dataset's live tail and brings the online features that read it up to date.
  package func push(_ rows: [UInt8], format: UploadFormat, to key: DatasetKey, at time: Timestamp?, by author: Author)
    async throws -> AppendReport
  {
    let now: Timestamp
    if let time { now = time } else { now = try await platform.now(of: key.project) }
    let report = try await platform.data.appendRows(key, rows, format: format, at: now, by: author)
    try await refresh(key.project, reading: key.name, newSince: report.earliest, at: now)
    return report
  }

  /// Brings online tables up to an instant, here and on the scoring plane.
  ///
  /// - Parameters:
  ///   - dataset: only the tables that read it.
  ///   - earliest: the earliest time of its new rows.
  func refresh(
    _ project: ProjectName, reading dataset: DatasetName? = nil, newSince earliest: Timestamp? = nil, at time: Timestamp
  ) async throws {
    let changed = try await platform.features.refresh(project, reading: dataset, newSince: earliest, upTo: time)
    guard !changed.isEmpty else { return }
    let known = try await platform.deployments.configuration().tables
    for table in changed {
      guard let definition = known.first(where: { $0.name == DeployableVersion.tableName(project, table.view) })
      else {
        continue
      }
      // While the scoring plane is away nothing is lost: the table is sent whole when it is back.
      try? await platform.scoring.send(table.patchRows(for: definition), to: definition)
    }
  }

  private func notify(_ held: IngestReport.Partition, of key: DatasetKey, at time: Timestamp) async throws {
    let findings = held.findings.filter { $0.severity == .error }.map(\.message)
    let owner = try await platform.data.dataset(key).definition.card?.owner
    _ = try await platform.alerts.raise(
      project: key.project, subject: "dataset:\(key)", kind: "data", severity: .error, owner: owner,
      reason: "partition \(held.partition) of \(key) is quarantined: \(findings.prefix(3).joined(separator: "; "))",
      key: "data/\(key)/\(held.partition)", at: time)
  }
}

extension MartletFeatures.OnlineTable {
  /// The rows with their values in the order of a scoring table's columns.
  func patchRows(for definition: OnlineTableDefinition) -> [OnlinePatch.Row] {
    let places = definition.columns.map { column in columns.firstIndex(of: column.name) }
    return rows.map { row in
      OnlinePatch.Row(
        key: row.entity.map { $0.string ?? $0.text }, at: row.timestamp?.milliseconds,
        values: places.map { place in place.map { row.values[$0] } ?? .null })
    }
  }
}
