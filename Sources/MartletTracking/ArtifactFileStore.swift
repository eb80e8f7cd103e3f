package import MartletCore
import MartletStore

/// A name under which a stored blob is shown.
package struct ArtifactFile: Sendable, Hashable {
  /// The whole path, such as `1/<run>/artifacts/model/MLmodel`.
  package var path: String
  package var digest: Digest
  /// Bytes.
  package var size: Int64
  package var mediaType: String?

  package init(path: String, digest: Digest, size: Int64, mediaType: String? = nil) {
    self.path = path
    self.digest = digest
    self.size = size
    self.mediaType = mediaType
  }
}

/// A file or a folder in a listing.
package struct ArtifactEntry: Sendable, Hashable {
  /// The last part of the path.
  package var name: String
  /// Nil for a folder.
  package var file: ArtifactFile?

  package init(name: String, file: ArtifactFile?) {
    self.name = name
    self.file = file
  }
}

/// The SQL of artifact names.
enum ArtifactFileStore {
  static func put(_ file: ArtifactFile, at now: Timestamp, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO artifact_files (path, digest, size, media_type, created_time) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (path) DO UPDATE SET digest = excluded.digest, size = excluded.size,
        media_type = excluded.media_type, created_time = excluded.created_time
      """,
      [.text(file.path), .text(file.digest.hex), .integer(file.size), SQLValue(file.mediaType), SQLValue(now)])
  }

  static func get(_ path: String, in connection: any SQLConnection) throws -> ArtifactFile? {
    try connection.first(
      "SELECT path, digest, size, media_type FROM artifact_files WHERE path = ?", [.text(path)], read)
  }

  /// True when something lies below the path.
  static func isFolder(_ path: String, in connection: any SQLConnection) throws -> Bool {
    try connection.first(
      "SELECT 1 FROM artifact_files WHERE path >= ? AND path < ? LIMIT 1", [.text(path + "/"), .text(path + "0")]
    ) { _ in true } ?? false
  }

  /// Every file below the folder, in order of path; the empty path is everything.
  static func below(_ folder: String, limit: Int, in connection: any SQLConnection) throws -> [ArtifactFile] {
    guard !folder.isEmpty else {
      return try connection.rows(
        "SELECT path, digest, size, media_type FROM artifact_files ORDER BY path LIMIT ?", [SQLValue(limit)], read)
    }
    // '0' is the character after '/', so the range is exactly what begins with "folder/".
    return try connection.rows(
      "SELECT path, digest, size, media_type FROM artifact_files WHERE path >= ? AND path < ? ORDER BY path LIMIT ?",
      [.text(folder + "/"), .text(folder + "0"), SQLValue(limit)], read)
  }

  /// Removes the file, or all files below the folder; returns how many there were.
  static func delete(_ path: String, in connection: any SQLConnection) throws -> Int {
    try connection.execute(
      "DELETE FROM artifact_files WHERE path = ? OR (path >= ? AND path < ?)",
      [.text(path), .text(path + "/"), .text(path + "0")])
  }

  private static func read(_ row: SQLRow) throws -> ArtifactFile {
    guard let digest = Digest(hex: try row.text(1)) else {
      throw MartletError(.internalError, "a stored artifact has no valid digest")
    }
    return ArtifactFile(
      path: try row.text(0), digest: digest, size: try row.integer(2), mediaType: try row.optionalText(3))
  }
}
