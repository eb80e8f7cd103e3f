import MartletArtifacts
import MartletCore
import MartletJobs
import MartletStore

extension DataCatalog {
  /// What a version looks like; computed once, then kept.
  package func profile(_ version: DataVersion) async throws -> DataProfile {
    let arguments = [SQLValue(version.dataset.project), SQLValue(version.dataset.name), SQLValue(version.id)]
    let known = try await database.read { connection in
      try connection.first(
        "SELECT profile FROM data_profiles WHERE project = ? AND name = ? AND version = ?", arguments
      ) { try $0.text(0) }
    }
    if let known { return try JSON.parse(known).decode() }
    let profile = try await jobs.run(
      "data.profile", ProfileArguments(snapshot: try await snapshot(of: version), root: artifacts.root),
      returning: DataProfile.self)
    let text = SQLValue(try JSON(encoding: profile))
    try await database.write { connection in
      _ = try connection.execute(
        "INSERT INTO data_profiles (project, name, version, profile) VALUES (?, ?, ?, ?) ON CONFLICT (project, name, version) DO NOTHING",
        arguments + [text])
    }
    return profile
  }

  /// The first rows of a version, of one partition of it if that is named.
  package func preview(_ version: DataVersion, partition: String? = nil, limit: Int = 50) async throws -> DataPreview {
    var snapshot = try await snapshot(of: version)
    if let partition {
      snapshot.files = snapshot.files.filter { $0.partition == partition }
      guard !snapshot.files.isEmpty else {
        throw MartletError.notFound(
          "version \(version.number) of \(version.dataset) has no partition '\(partition.prefix(60))'")
      }
    }
    // The first partitions have more rows than are shown.
    snapshot.files = Array(snapshot.files.prefix(3))
    let arguments = PreviewArguments(snapshot: snapshot, limit: min(max(1, limit), 1000), root: artifacts.root)
    return DataPreview(
      columns: snapshot.schema.names,
      rows: try await jobs.run("data.preview", arguments, lane: .prompt, returning: [JSON].self))
  }
}
