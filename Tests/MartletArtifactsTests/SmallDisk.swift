import Foundation
import MartletTesting

/// A file system of a few kilobytes in memory; nil where this process may not mount one.
struct SmallDisk {
  let path: String

  init?(kilobytes: Int) throws {
    path = try TemporaryFolder.make()
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k,mode=700") == 0 else { return nil }
  }

  func remove() { umount2(path, Int32(MNT_DETACH)) }
}
