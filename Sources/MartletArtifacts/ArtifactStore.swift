import Foundation
package import MartletCore
package import NIOPosix

/// Files by the SHA-256 of their content, under `blobs/ab/abcd…` of a local folder.
///
/// What was put is durable when the call returns, is never changed, and is stored once however often it comes. A
/// file appears under its name whole or not at all. Only the owner may read the folder.
package struct ArtifactStore: Sendable {
  package let root: String
  let threads: NIOThreadPool

  /// Nothing is touched until the first write, or `prepare`.
  package init(root: String, threads: NIOThreadPool = .singleton) {
    self.root = root
    self.threads = threads
  }

  /// Makes the folder and removes what uploads that never ended have left. To be called when the server starts,
  /// before anything is put.
  package func prepare() async throws {
    try await threads.runIfActive {
      try makeFolders()
      let folder = incoming
      for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] { unlink("\(folder)/\(name)") }
    }
  }

  /// Stores some bytes.
  package func put(bytes: [UInt8]) async throws -> Blob {
    try await threads.runIfActive {
      let blob = try IncomingBlob(in: self)
      try blob.write(bytes)
      return try blob.finish()
    }
  }

  /// Stores a copy of a file that is there already; the file itself stays.
  package func put(file path: String) async throws -> Blob {
    try await threads.runIfActive {
      let source = try SourceFile(path)
      let blob = try IncomingBlob(in: self)
      while let bytes = try source.next() { try blob.write(bytes) }
      return try blob.finish()
    }
  }

  /// A file that comes piece by piece.
  package func writer() async throws -> BlobWriter {
    try await threads.runIfActive { BlobWriter(try IncomingBlob(in: self), on: threads) }
  }

  /// Where the file lies, for an engine or a server to read; 'not found' when there is none.
  package func path(of digest: Digest) throws -> String {
    let path = location(of: digest)
    guard access(path, F_OK) == 0 else {
      throw MartletError.notFound(
        "the artifact store holds no file \(digest.short)…", fix: "upload it again, or restore the store's backup")
    }
    return path
  }

  /// Whether the file is there.
  package func exists(_ digest: Digest) -> Bool { access(location(of: digest), F_OK) == 0 }

  /// The bytes of the file, or those of `range`, which must lie inside it.
  package func read(_ digest: Digest, range: Range<Int64>? = nil) async throws -> [UInt8] {
    try await threads.runIfActive {
      let source = try SourceFile(try path(of: digest))
      let wanted = range ?? 0..<source.size
      guard wanted.lowerBound >= 0, wanted.upperBound <= source.size else {
        throw MartletError.invalidInput(
          "bytes \(wanted.lowerBound) to \(wanted.upperBound) were asked for of a file of \(source.size) bytes")
      }
      return try source.bytes(wanted)
    }
  }

  /// Reads the whole file again and throws when its content is no longer what its name says.
  package func verify(_ digest: Digest) async throws {
    try await threads.runIfActive {
      let source = try SourceFile(try path(of: digest))
      var hash = ContentHash()
      while let bytes = try source.next() { hash.add(bytes) }
      guard hash.digest == digest else {
        throw MartletError(
          .checkFailed, "the file \(digest.short)… of the artifact store was changed or damaged",
          cause: "its content no longer has the SHA-256 of its name", fix: "restore it from a backup")
      }
    }
  }

  /// Where files lie until they are whole.
  var incoming: String { "\(root)/incoming" }

  func folder(of digest: Digest) -> String { "\(root)/blobs/\(digest.hex.prefix(2))" }

  func location(of digest: Digest) -> String { "\(folder(of: digest))/\(digest.hex)" }

  func makeFolders() throws {
    for folder in [root, "\(root)/blobs", incoming] { try DurableFolder.make(folder) }
  }
}
