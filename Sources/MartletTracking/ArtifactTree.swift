import MartletCore
import MartletStore

/// The first files below a folder, for a person to look at.
package struct ArtifactTree: Sendable, Hashable {
  /// In order of path, relative to the folder.
  package var files: [ArtifactFile]
  /// There are more than these.
  package var isCut: Bool

  /// What lies directly in the folder, as far as the files are known.
  package var entries: [ArtifactEntry] { ArtifactEntry.entries(of: files, in: "") }
}

extension ExperimentTracker {
  /// At most `limit` files below a folder of the artifact space, with paths relative to it.
  package func artifactTree(below folder: String, limit: Int) async throws -> ArtifactTree {
    let folder = try ArtifactLocation.checked(folder, allowsRoot: true)
    let found = try await database.read { try ArtifactFileStore.below(folder, limit: limit + 1, in: $0) }
    let files = found.prefix(limit).map { file in
      var relative = file
      relative.path =
        folder.isEmpty ? file.path : String(decoding: file.path.utf8.dropFirst(folder.utf8.count + 1), as: UTF8.self)
      return relative
    }
    return ArtifactTree(files: files, isCut: found.count > limit)
  }
}
