import Foundation
import MartletCore
import Synchronization

/// Folders for tests, removed when the test process ends.
package enum TemporaryFolder {
  private static let made = Mutex<[String]>([])

  /// A new, empty folder; returns its path. Its maker removes one that is `keptUntilRemoved`.
  package static func make(keptUntilRemoved: Bool = false) throws -> String {
    var template = Array("\(NSTemporaryDirectory())martlet-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw MartletError(
        .unavailable, "no temporary folder could be made", cause: String(cString: strerror(errno)),
        fix: "check that the temporary directory is writable")
    }
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    if keptUntilRemoved { return path }
    let isFirst = made.withLock { paths in
      paths.append(path)
      return paths.count == 1
    }
    if isFirst { atexit { TemporaryFolder.removeAll() } }
    return path
  }

  private static func removeAll() {
    for path in made.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
  }
}
