import Foundation
import MartletCore

/// Makes sure that one process at a time uses a folder; the lock goes with the process, however it ends.
package final class FolderLock: Sendable {
  private let descriptor: Int32

  package init(path: String, holder: String) throws {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileFailure.error("the lock '\(path)' cannot be opened", errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw MartletError(
        .alreadyExists, "\(holder) already uses this data directory", cause: "the lock '\(path)' is held",
        fix: "use the one that runs, or another directory with --data")
    }
  }

  deinit { close(descriptor) }
}
