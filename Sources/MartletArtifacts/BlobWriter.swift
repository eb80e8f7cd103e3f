import MartletCore
package import NIOCore
import NIOPosix
import Synchronization

/// A file that comes piece by piece: append, then finish or abort. Let go unfinished, it leaves nothing.
package final class BlobWriter: Sendable {
  // A class that only the holder of the lock touches; nil once it is finished or aborted.
  private struct State: @unchecked Sendable { var blob: IncomingBlob? }
  private let state: Mutex<State>
  private let store: ArtifactStore
  private var threads: NIOThreadPool { store.threads }

  init(_ blob: sending IncomingBlob, store: ArtifactStore) {
    state = Mutex(State(blob: blob))
    self.store = store
  }

  /// Adds bytes at the end.
  package func append(_ bytes: [UInt8]) async throws {
    try await work { blob in try blob.write(bytes) }
  }

  /// Adds the buffer's readable bytes at the end.
  package func append(_ buffer: ByteBuffer) async throws {
    try await work { blob in try buffer.withUnsafeReadableBytes { try blob.write($0) } }
  }

  /// Adds what the closure writes, on the thread pool.
  func fill(_ body: @escaping @Sendable (IncomingBlob) throws -> Void) async throws { try await work(body) }

  /// Makes the file visible under its digest, once it is on disk; with a bucket, once it is whole in the bucket.
  package func finish() async throws -> Blob {
    guard let bucket = store.bucket else {
      defer { drop() }
      return try await work { blob in
        let sealed = try blob.seal()
        try blob.show(as: sealed.digest)
        return sealed
      }
    }
    do {
      let (sealed, path) = try await work { (try $0.seal(), $0.temporary) }
      try await bucket.archive.put(path, as: sealed, notes: store.incoming, threads: threads)
      try await show(sealed, in: bucket)
      return sealed
    } catch {
      await abort()
      throw error
    }
  }

  /// Makes a copy from the bucket visible.
  ///
  /// - Throws: when its content is not what `digest` says.
  func keep(as digest: Digest) async throws {
    let sealed = try await work { try $0.seal() }
    guard sealed.digest == digest else { throw ArtifactStore.damaged(digest) }
    if let bucket = store.bucket { try await show(sealed, in: bucket) }
  }

  private func show(_ sealed: Blob, in bucket: ArtifactStore.Bucket) async throws {
    try await work { blob in
      try blob.show(as: sealed.digest)
      bucket.cache.added(sealed.size)
    }
    drop()
  }

  /// Removes what has come so far; does nothing after `finish`.
  package func abort() async {
    _ = try? await threads.runIfActive { self.drop() }
  }

  private func drop() { state.withLock { $0.blob = nil } }

  private func work<Value: Sendable>(_ body: @escaping @Sendable (IncomingBlob) throws -> Value) async throws -> Value {
    try await threads.runIfActive {
      try self.state.withLock { state in
        guard let blob = state.blob else {
          throw MartletError(.internalError, "bytes came for a file that was already ended")
        }
        return try body(blob)
      }
    }
  }
}
