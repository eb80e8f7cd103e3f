import MartletCore
package import NIOCore
import NIOPosix
import Synchronization

/// A file that comes piece by piece: append, then finish or abort. Let go unfinished, it leaves nothing.
package final class BlobWriter: Sendable {
  // A class that only the holder of the lock touches; nil once it is finished or aborted.
  private struct State: @unchecked Sendable { var blob: IncomingBlob? }
  private let state: Mutex<State>
  private let threads: NIOThreadPool

  init(_ blob: sending IncomingBlob, on threads: NIOThreadPool) {
    state = Mutex(State(blob: blob))
    self.threads = threads
  }

  /// Adds bytes at the end.
  package func append(_ bytes: [UInt8]) async throws {
    try await work { blob in try blob.write(bytes) }
  }

  /// Adds the buffer's readable bytes at the end.
  package func append(_ buffer: ByteBuffer) async throws {
    try await work { blob in try buffer.withUnsafeReadableBytes { try blob.write($0) } }
  }

  /// Makes the file visible under its digest, once it is on disk.
  package func finish() async throws -> Blob {
    defer { drop() }
    return try await work { blob in try blob.finish() }
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
