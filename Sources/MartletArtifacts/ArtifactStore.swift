import AsyncHTTPClient
import Foundation
package import MartletCore
import NIOCore
package import NIOPosix

/// Files by the SHA-256 of their content, under `blobs/ab/abcd…` of a local folder or of a bucket.
///
/// What was put is durable when the call returns, is never changed, and is stored once however often it comes. A
/// file appears under its name whole or not at all. Only the owner may read the folder. With a bucket the folder is a
/// bounded cache of it, in which files lie while they come and while jobs read them.
package struct ArtifactStore: Sendable {
  package let root: String
  let threads: NIOThreadPool
  let bucket: Bucket?

  /// Where the blobs are kept, and what is kept of them here.
  struct Bucket: Sendable {
    let archive: S3Archive
    let cache: BlobCache
  }

  /// Nothing is touched until the first write, or `prepare`.
  ///
  /// - Parameters:
  ///   - archive: the bucket that keeps the blobs; nil keeps them in the folder.
  ///   - cacheLimit: how much of the bucket is kept in the folder, in bytes.
  package init(
    root: String, archive: S3Archive? = nil, cacheLimit: Int64 = 10 << 30, threads: NIOThreadPool = .singleton
  ) {
    self.root = root
    self.threads = threads
    bucket = archive.map { Bucket(archive: $0, cache: BlobCache(folder: "\(root)/blobs", limit: cacheLimit)) }
  }

  /// Makes the folder and removes what uploads that never ended have left. To be called when the server starts,
  /// before anything is put.
  ///
  /// - Returns: why the bucket does not answer for the moment; nil when all is well.
  /// - Throws: when the bucket is there and refuses, or the folder cannot be made.
  @discardableResult
  package func prepare() async throws -> MartletError? {
    try await threads.runIfActive {
      try makeFolders()
      let folder = incoming
      for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      where !name.hasSuffix(S3MultipartUpload.noteSuffix) { unlink("\(folder)/\(name)") }
      bucket?.cache.sweep()
    }
    guard let bucket else { return nil }
    if let problem = try await bucket.archive.probe() { return problem }
    await bucket.archive.clear(notes: incoming, threads: threads)
    return nil
  }

  /// Stores some bytes.
  package func put(bytes: [UInt8]) async throws -> Blob {
    try await put { try $0.write(bytes) }
  }

  /// Stores a copy of a file that is there already; the file itself stays.
  package func put(file path: String) async throws -> Blob {
    try await put { blob in
      let source = try SourceFile(path)
      while let bytes = try source.next() { try blob.write(bytes) }
    }
  }

  private func put(_ fill: @escaping @Sendable (IncomingBlob) throws -> Void) async throws -> Blob {
    let writer = try await writer()
    do {
      try await writer.fill(fill)
      return try await writer.finish()
    } catch {
      await writer.abort()
      throw error
    }
  }

  /// A file that comes piece by piece.
  package func writer() async throws -> BlobWriter {
    try await threads.runIfActive { BlobWriter(try IncomingBlob(in: self), store: self) }
  }

  /// Where the file lies, for an engine or a server to read; 'not found' when there is none. With a bucket it is
  /// brought here first and stays at least for the next hour.
  package func path(of digest: Digest) async throws -> String {
    let path = location(of: digest)
    if try await threads.runIfActive({ isHere(path) }) { return path }
    guard let bucket else {
      throw MartletError.notFound(
        "the artifact store holds no file \(digest.short)…", fix: "upload it again, or restore the store's backup")
    }
    try await bring(digest, from: bucket)
    return path
  }

  /// Whether the file is in the local folder; it is then kept for a while. Blocking.
  private func isHere(_ path: String) -> Bool { bucket.map { $0.cache.use(path) } ?? (access(path, F_OK) == 0) }

  /// Copies a blob from the bucket into the folder, where it appears once its content is what its name says.
  private func bring(_ digest: Digest, from bucket: Bucket) async throws {
    let writer = try await writer()
    do {
      for try await part in try await bucket.archive.bytes(of: digest) { try await writer.append(part) }
      try await writer.keep(as: digest)
    } catch {
      await writer.abort()
      throw bucket.archive.broken(error)
    }
  }

  /// Whether the file is there.
  ///
  /// - Throws: when the bucket does not say.
  package func exists(_ digest: Digest) async throws -> Bool {
    let path = location(of: digest)
    if try await threads.runIfActive({ access(path, F_OK) == 0 }) { return true }
    return try await bucket?.archive.size(of: digest) != nil
  }

  /// The bytes of the file, or those of `range`, which must lie inside it.
  package func read(_ digest: Digest, range: Range<Int64>? = nil) async throws -> [UInt8] {
    if let range, let bucket, range.lowerBound >= 0, !range.isEmpty {
      let path = location(of: digest)
      if try await !threads.runIfActive({ isHere(path) }) { return try await remote(digest, range, bucket) }
    }
    let path = try await path(of: digest)
    return try await threads.runIfActive {
      let source = try SourceFile(path)
      let wanted = range ?? 0..<source.size
      guard wanted.lowerBound >= 0, wanted.upperBound <= source.size else { throw Self.outside(wanted, source.size) }
      return try source.bytes(wanted)
    }
  }

  private func remote(_ digest: Digest, _ range: Range<Int64>, _ bucket: Bucket) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    do {
      for try await part in try await bucket.archive.bytes(of: digest, range: range) {
        bytes.append(contentsOf: part.readableBytesView)
        guard bytes.count <= range.count else { break }
      }
    } catch {
      throw bucket.archive.broken(error)
    }
    guard bytes.count == range.count else {
      throw MartletError.invalidInput(
        "bytes \(range.lowerBound) to \(range.upperBound) were asked for of a file that has no such bytes")
    }
    return bytes
  }

  /// Reads the whole file again and throws when its content is no longer what its name says.
  package func verify(_ digest: Digest) async throws {
    let path = try await path(of: digest)
    try await threads.runIfActive {
      let source = try SourceFile(path)
      var hash = ContentHash()
      while let bytes = try source.next() { hash.add(bytes) }
      guard hash.digest == digest else { throw Self.damaged(digest) }
    }
  }

  static func damaged(_ digest: Digest) -> MartletError {
    MartletError(
      .checkFailed, "the file \(digest.short)… of the artifact store was changed or damaged",
      cause: "its content no longer has the SHA-256 of its name", fix: "restore it from a backup")
  }

  private static func outside(_ wanted: Range<Int64>, _ size: Int64) -> MartletError {
    MartletError.invalidInput(
      "bytes \(wanted.lowerBound) to \(wanted.upperBound) were asked for of a file of \(size) bytes")
  }

  /// Where files lie until they are whole.
  var incoming: String { "\(root)/incoming" }

  func folder(of digest: Digest) -> String { "\(root)/blobs/\(digest.hex.prefix(2))" }

  func location(of digest: Digest) -> String { "\(folder(of: digest))/\(digest.hex)" }

  func makeFolders() throws {
    for folder in [root, "\(root)/blobs", incoming] { try DurableFolder.make(folder) }
  }
}
