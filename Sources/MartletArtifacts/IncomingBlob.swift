import Foundation
import MartletCore

/// A file on its way in: hashed while it is written under a temporary name, given its own once it is on disk.
///
/// Used by one thread at a time. One that is let go unfinished leaves nothing.
final class IncomingBlob {
  private let store: ArtifactStore
  /// Where it lies until it is shown.
  let temporary: String
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

  /// Ends the file, which still has its temporary name: it is on disk and read-only from now on, as content never
  /// changes under its name.
  func seal() throws -> Blob {
    guard isOpen else { throw MartletError(.internalError, "a file was ended twice") }
    guard fchmod(descriptor, 0o400) == 0, fsync(descriptor) == 0 else { throw failure() }
    return Blob(digest: hash.digest, size: size)
  }

  /// Shows the sealed file under its digest.
  func show(as digest: MartletCore.Digest) throws {
    defer { abort() }
    let folder = store.folder(of: digest)
    let path = store.location(of: digest)
    try DurableFolder.make(folder)
    // With a bucket a file may be evicted at any time; the same content takes its place.
    if store.bucket != nil || access(path, F_OK) != 0 {
      guard rename(temporary, path) == 0 else { throw failure() }
    }
    try DurableFolder.sync(folder)
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
