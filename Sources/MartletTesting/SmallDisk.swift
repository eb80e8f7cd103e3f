import Foundation

/// A file system of a few kilobytes in memory, to see what happens when it is full.
package struct SmallDisk {
  package let path: String

  /// Nil where this process may not mount one.
  package init?(kilobytes: Int) throws {
    path = try TemporaryFolder.make()
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k,mode=700") == 0 else { return nil }
  }

  /// Whether this process may mount one: tests that need it are skipped, visibly, where it may not.
  package static var isAvailable: Bool {
    guard let disk = try? SmallDisk(kilobytes: 16) else { return false }
    disk.remove()
    return true
  }

  package func remove() { umount2(path, Int32(MNT_DETACH)) }
}
