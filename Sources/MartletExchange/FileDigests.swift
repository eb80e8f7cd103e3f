import Crypto
import Foundation
package import MartletCore
package import NIOCore
import NIOPosix
import Synchronization

/// SHA-256 of files at a source, each read once: what was hashed while it was sent is remembered, for so many files that
/// it takes little memory; others are read again.
package final class FileDigests: Sendable {
  private let known = Mutex<[String: Blob]>([:])

  package struct Blob: Sendable, Hashable {
    package var digest: MartletCore.Digest
    package var size: Int64

    package init(digest: MartletCore.Digest, size: Int64) {
      self.digest = digest
      self.size = size
    }
  }

  /// About 20 MB.
  private static let most = 100_000

  package init() {}

  package func remember(_ blob: Blob, of file: ForeignFile, _ owner: ArtifactOwner) {
    known.withLock { known in
      if known.count < Self.most { known["\(owner.text)/\(file.path)"] = blob }
    }
  }

  /// The file's digest, read from the source when it is not known.
  package func blob(of file: ForeignFile, _ owner: ArtifactOwner, at source: any MLflowSource) async throws -> Blob {
    if let blob = known.withLock({ $0["\(owner.text)/\(file.path)"] }) { return blob }
    let blob: Blob
    switch file.place {
    case .local(let path): blob = try await Self.local(path)
    case .remote(let address):
      let hashing = HashingBytes(try await source.read(address))
      for try await _ in hashing {}
      blob = hashing.blob
    }
    remember(blob, of: file, owner)
    return blob
  }

  private static func local(_ path: String) async throws -> Blob {
    try await NIOThreadPool.singleton.runIfActive {
      guard let handle = FileHandle(forReadingAtPath: path) else {
        throw MartletError(.notFound, "the file '\(path)' cannot be read", fix: "check that you may read it")
      }
      defer { try? handle.close() }
      var (hash, size) = (SHA256(), Int64(0))
      while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty {
        hash.update(data: data)
        size += Int64(data.count)
      }
      return Blob(digest: MartletCore.Digest(bytes: hash.finalize()), size: size)
    }
  }
}

/// Bytes that pass through and are hashed on their way.
package struct HashingBytes: AsyncSequence, Sendable {
  package typealias Element = ByteBuffer
  private let bytes: RemoteBytes
  private let state = State()

  fileprivate final class State: Sendable {
    let value = Mutex<(hash: SHA256, size: Int64)>((SHA256(), 0))
  }

  package init(_ bytes: RemoteBytes) { self.bytes = bytes }

  /// What has passed so far.
  package var blob: FileDigests.Blob {
    state.value.withLock { FileDigests.Blob(digest: MartletCore.Digest(bytes: $0.hash.finalize()), size: $0.size) }
  }

  package struct AsyncIterator: AsyncIteratorProtocol {
    var base: RemoteBytes.AsyncIterator
    fileprivate let state: State

    package mutating func next() async throws -> ByteBuffer? {
      guard let buffer = try await base.next() else { return nil }
      state.value.withLock { value in
        buffer.withUnsafeReadableBytes { value.hash.update(bufferPointer: $0) }
        value.size += Int64(buffer.readableBytes)
      }
      return buffer
    }
  }

  package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: bytes.makeAsyncIterator(), state: state) }
}
