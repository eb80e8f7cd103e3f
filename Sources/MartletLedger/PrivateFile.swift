import Foundation
import MartletCore

/// Small files that only their owner reads, replaced whole.
package enum PrivateFile {
  /// Writes beside the file, waits for the disk, then renames: a reader sees the old content or the new.
  package static func replace(_ path: String, by bytes: [UInt8]) throws {
    let temporary = path + ".new"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0, rename(temporary, path) == 0
    else {
      defer { unlink(temporary) }
      throw failure(path)
    }
    try syncFolder(of: path)
  }

  private static func syncFolder(of path: String) throws {
    let folder = (path as NSString).deletingLastPathComponent
    let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(path) }
  }

  private static func failure(_ path: String) -> MartletError {
    let number = errno
    return MartletError(
      number == ENOSPC || number == EDQUOT ? .storageFull : .unavailable, "the file '\(path)' could not be written",
      cause: String(cString: strerror(number)), fix: "check the disk and the folder's permissions")
  }
}
