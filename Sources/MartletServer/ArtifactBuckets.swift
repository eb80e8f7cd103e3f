package import MartletArtifacts

/// Where artifacts are kept when not in the data directory.
package struct ArtifactBuckets: Sendable {
  /// The bucket that holds the server's own artifacts; nil keeps them in the data directory.
  package var archive: S3Archive?
  /// How much of the bucket is kept in the data directory, in bytes.
  package var cacheLimit: Int64
  /// Folders in which experiments may keep artifacts that clients write themselves.
  package var direct: [S3Location]

  package init(archive: S3Archive? = nil, cacheLimit: Int64 = 10 << 30, direct: [S3Location] = []) {
    self.archive = archive
    self.cacheLimit = cacheLimit
    self.direct = direct
  }

  /// The store of a data directory; a bucket's cache lies apart from blobs that are kept nowhere else.
  func store(data: String) -> ArtifactStore {
    guard let archive else { return ArtifactStore(root: data + "/artifacts") }
    return ArtifactStore(root: data + "/artifact-cache", archive: archive, cacheLimit: cacheLimit)
  }
}
