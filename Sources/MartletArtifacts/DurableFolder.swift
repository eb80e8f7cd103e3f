import Foundation
import MartletCore

/// Folders whose entries survive a crash of the machine.
enum DurableFolder {
  /// Makes the folder, for its owner only, unless it is there; missing parents too.
  static func make(_ path: String) throws {
    if mkdir(path, 0o700) == 0 { return try sync(parent(of: path)) }
    switch errno {
    case EEXIST: return
    case ENOENT where parent(of: path) != path:
      try make(parent(of: path))
      try make(path)
    case let number: throw MartletError(file: number, "the folder '\(path)' could not be made")
    }
  }

  /// Waits until the folder's entries are on disk.
  static func sync(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw MartletError(file: errno, "the folder '\(path)' could not be opened") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw MartletError(file: errno, "the folder '\(path)' could not be written") }
  }

  private static func parent(of path: String) -> String {
    let parent = (path as NSString).deletingLastPathComponent
    return parent.isEmpty ? "." : parent
  }
}

extension MartletError {
  /// A failed file operation: `number` is its errno.
  init(file number: Int32, _ message: String) {
    let cause = String(cString: strerror(number))
    switch number {
    case ENOSPC, EDQUOT:
      self.init(
        .storageFull, "\(message): the disk of the artifact store is full", cause: cause,
        fix: "free space on the disk, then send it again")
    case EACCES, EPERM, EROFS:
      self.init(.permissionDenied, message, cause: cause, fix: "let the server's user read and write it")
    case ENOENT: self.init(.notFound, message, cause: cause)
    default: self.init(.unavailable, message, cause: cause, fix: "check the disk")
    }
  }
}
