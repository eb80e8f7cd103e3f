package import MartletCore

/// Some bytes kept in the artifact store: what they are called, and how many there are.
package struct Blob: Sendable, Hashable, Codable {
  package var digest: Digest
  /// Bytes.
  package var size: Int64

  package init(digest: Digest, size: Int64) {
    self.digest = digest
    self.size = size
  }
}
