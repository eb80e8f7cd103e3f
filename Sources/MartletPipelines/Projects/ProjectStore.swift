package import MartletArtifacts
package import MartletCore
import MartletLedger
package import MartletStore

import struct Crypto.SHA256

/// Projects and their versions in the metadata database; the files' contents are blobs.
package struct ProjectStore: Sendable {
  let database: any Database
  let artifacts: ArtifactStore

  package init(database: any Database, artifacts: ArtifactStore) {
    self.database = database
    self.artifacts = artifacts
  }

  /// Reads and stores a snapshot. The same tree again is the same version. Unless the snapshot is of a branch, its
  /// version becomes the active one.
  ///
  /// - Throws: every problem of the project file in one error.
  package func put(
    _ snapshot: ProjectSnapshot, context: ProjectFileContext = ProjectFileContext(), by author: Author,
    at time: Timestamp
  ) async throws -> ProjectVersion {
    var context = context
    context.files = snapshot.files
    let file = try ProjectFile.parse(try snapshot.files.text("martlet.yaml"), context: context)
    var entries: [ProjectVersion.Entry] = []
    for (path, content) in snapshot.files.files.sorted(by: { $0.key < $1.key }) {
      let blob = try await artifacts.put(bytes: content.bytes)
      entries.append(ProjectVersion.Entry(path: path, digest: blob.digest, isExecutable: content.isExecutable))
    }
    let version = ProjectVersion(
      project: file.project, number: 0, digest: Self.digest(of: entries), file: file, entries: entries,
      commit: snapshot.commit, isDirty: snapshot.isDirty, branch: snapshot.branch, author: author, createdAt: time)
    return try await database.write { try Self.insert(version, in: $0) }
  }

  /// SHA-256 over one line for each file: digest, mode, path.
  static func digest(of entries: [ProjectVersion.Entry]) -> Digest {
    var hash = SHA256()
    for entry in entries {
      hash.update(data: Array("\(entry.digest) \(entry.isExecutable ? "x" : "-") \(entry.path)\n".utf8))
    }
    return Digest(bytes: hash.finalize())
  }

  private static func insert(_ version: ProjectVersion, in connection: any SQLConnection) throws -> ProjectVersion {
    let project = SQLValue(version.project)
    try connection.execute(
      "INSERT INTO projects (name, created_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
      [project, SQLValue(version.createdAt)])
    var stored = version
    let same = try connection.first(
      select + " WHERE project = ? AND digest = ? AND COALESCE(branch, '') = ?",
      [project, .text(version.digest.hex), .text(version.branch ?? "")], Self.version)
    if let same {
      stored = same
    } else {
      let last = try connection.first(
        "SELECT COALESCE(MAX(number), 0) FROM project_versions WHERE project = ?", [project]
      ) { try $0.int(0) }
      stored.number = (last ?? 0) + 1
      try insertNew(stored, in: connection)
    }
    if version.branch == nil { try activate(stored, by: version.author, at: version.createdAt, in: connection) }
    return stored
  }

  private static func insertNew(_ version: ProjectVersion, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO project_versions (project, number, digest, file, tree, code_commit, dirty, branch, author, created_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        SQLValue(version.project), SQLValue(version.number), .text(version.digest.hex),
        SQLValue(try JSON(encoding: version.file)), SQLValue(try JSON(encoding: version.entries)),
        SQLValue(version.commit), SQLValue(version.isDirty), SQLValue(version.branch),
        SQLValue(try JSON(encoding: version.author)), SQLValue(version.createdAt),
      ])
    try Ledger.append(
      LedgerEntry(
        action: "project.version.created", object: "project:\(version.project)@\(version.number)", before: nil,
        after: [
          "digest": .string(version.digest.hex), "commit": version.commit.map(JSON.string) ?? .null,
          "dirty": .boolean(version.isDirty), "branch": version.branch.map(JSON.string) ?? .null,
        ], reason: nil), by: version.author, at: version.createdAt, in: connection)
  }

  private static func activate(
    _ version: ProjectVersion, by author: Author, at time: Timestamp, in connection: any SQLConnection
  ) throws {
    let active = try connection.first(
      "SELECT active_version FROM projects WHERE name = ?", [SQLValue(version.project)]
    ) { try $0.optionalInteger(0) }
    guard active != .some(Int64(version.number)) else { return }
    try connection.execute(
      "UPDATE projects SET active_version = ? WHERE name = ?", [SQLValue(version.number), SQLValue(version.project)])
    try Ledger.append(
      LedgerEntry(
        action: "project.version.activated", object: "project:\(version.project)",
        before: ["version": (active ?? nil).map(JSON.integer) ?? .null],
        after: ["version": .integer(Int64(version.number))],
        reason: nil), by: author, at: time, in: connection)
  }

  static let select = """
    SELECT project, number, digest, file, tree, code_commit, dirty, branch, author, created_at FROM project_versions
    """

  static func version(_ row: SQLRow) throws -> ProjectVersion {
    guard let digest = Digest(hex: try row.text(2)) else {
      throw MartletError(.internalError, "a stored project version has no digest")
    }
    return ProjectVersion(
      project: try row.identifier(0), number: try row.int(1), digest: digest, file: try row.json(3).decode(),
      entries: try row.json(4).decode(), commit: try row.optionalText(5), isDirty: try row.boolean(6),
      branch: try row.optionalText(7), author: try row.json(8).decode(), createdAt: try row.time(9))
  }
}
