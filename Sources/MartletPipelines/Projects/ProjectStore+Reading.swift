import MartletArtifacts
package import MartletCore
import MartletStore

extension ProjectStore {
  /// Every project, by name.
  package func projects() async throws -> [Project] {
    try await database.read { connection in
      try connection.rows(
        "SELECT name, active_version, event_time, created_at FROM projects ORDER BY name", [], Self.project)
    }
  }

  package func project(_ name: ProjectName) async throws -> Project {
    let found = try await database.read { connection in
      try connection.first(
        "SELECT name, active_version, event_time, created_at FROM projects WHERE name = ?", [SQLValue(name)],
        Self.project)
    }
    if let found { return found }
    let names = try await projects().map(\.name.text)
    throw MartletError.notFound(
      "there is no project '\(name.text.prefix(64))'\(didYouMean(name.text, among: names))",
      fix: "`martlet run` in a folder with a martlet.yaml creates its project")
  }

  /// The version whose triggers and monitors are in force.
  package func active(_ name: ProjectName) async throws -> ProjectVersion {
    guard let number = try await project(name).activeVersion else {
      throw MartletError.notFound("the project '\(name)' has no active version", fix: "upload one with `martlet run`")
    }
    return try await version(name, number)
  }

  package func version(_ name: ProjectName, _ number: Int) async throws -> ProjectVersion {
    let found = try await database.read { connection in
      try connection.first(
        Self.select + " WHERE project = ? AND number = ?", [SQLValue(name), SQLValue(number)], Self.version)
    }
    guard let found else {
      throw MartletError.notFound("the project '\(name.text.prefix(64))' has no version \(number)")
    }
    return found
  }

  /// Versions of a project, newest first.
  package func versions(_ name: ProjectName, limit: Int = 100) async throws -> [ProjectVersion] {
    try await database.read { connection in
      try connection.rows(
        Self.select + " WHERE project = ? ORDER BY number DESC LIMIT ?", [SQLValue(name), SQLValue(limit)], Self.version
      )
    }
  }

  /// The files of a version, read from their blobs.
  package func files(of version: ProjectVersion) async throws -> ProjectFiles {
    var files: [String: ProjectFiles.File] = [:]
    for entry in version.entries {
      let bytes = try await artifacts.read(entry.digest)
      files[entry.path] = ProjectFiles.File(bytes: bytes, isExecutable: entry.isExecutable)
    }
    return try ProjectFiles(files)
  }

  private static func project(_ row: SQLRow) throws -> Project {
    Project(
      name: try row.identifier(0), activeVersion: try row.optionalInteger(1).map(Int.init),
      eventTime: try row.optionalTime(2), createdAt: try row.time(3))
  }
}
