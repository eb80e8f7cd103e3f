import Foundation
import MartletCore

/// A file on its way in: hashed while it is written under a temporary name, given its own once it is on disk.
///
/// Used by one thread at a time. One that is let go unfinished leaves nothing.
final class IncomingBlob {
  private let store: ArtifactStore
  private let temporary: String
  private let descriptor: Int32
  private var hash = ContentHash()
  private var size: Int64 = 0
  private var isOpen = true

  init(in store: ArtifactStore) throws {
    self.store = store
    temporary = "\(store.incoming)/\(UUID().uuidString)"
    var opened = Self.create(temporary)
    if opened < 0, errno == ENOENT {
      try store.makeFolders()
      opened = Self.create(temporary)
    }
    guard opened >= 0 else { throw MartletError(file: errno, "a file could not be stored in '\(store.root)'") }
    descriptor = opened
  }

  deinit { abort() }

  func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    guard isOpen else { throw MartletError(.internalError, "bytes came for a file that was already ended") }
    var rest = bytes
    while !rest.isEmpty {
      let written = Foundation.write(descriptor, rest.baseAddress, rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        throw failure()
      }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
    }
    hash.add(bytes)
    size += Int64(bytes.count)
  }

  /// Waits for the disk, then shows the file under its digest.
  func finish() throws -> Blob {
    guard isOpen else { throw MartletError(.internalError, "a file was ended twice") }
    defer { abort() }
    // Read-only from now on: content never changes under its name.
    guard fchmod(descriptor, 0o400) == 0, fsync(descriptor) == 0 else { throw failure() }
    let digest = hash.digest
    let folder = store.folder(of: digest)
    try DurableFolder.make(folder)
    if !store.exists(digest) {
      guard rename(temporary, store.location(of: digest)) == 0 else { throw failure() }
    }
    try DurableFolder.sync(folder)
    return Blob(digest: digest, size: size)
  }

  /// Removes what was written, if it was not finished.
  func abort() {
    guard isOpen else { return }
    isOpen = false
    close(descriptor)
    unlink(temporary)
  }

  private func failure() -> MartletError { MartletError(file: errno, "a file could not be stored in '\(store.root)'") }

  private static func create(_ path: String) -> Int32 { open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
}
