import Foundation
import MartletCore
import MartletTesting
import Testing

@testable import MartletArtifacts

@Suite("The cache of a bucket keeps what is in use and is bounded")
struct BlobCacheTests {
  private let folder: String

  init() throws {
    folder = try TemporaryFolder.make() + "/blobs"
    try FileManager.default.createDirectory(atPath: folder + "/ab", withIntermediateDirectories: true)
  }

  /// A file of 10 bytes that was used so many hours ago.
  private func file(_ name: String, hoursAgo: Double) throws -> String {
    let path = "\(folder)/ab/\(name)"
    try Data(repeating: 1, count: 10).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -3600 * hoursAgo)], ofItemAtPath: path)
    return path
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder + "/ab").sorted()
  }

  @Test("The longest unused go first, until a fifth of the limit is free")
  func oldestFirst() throws {
    for hours in 2...9 { _ = try file("\(hours)", hoursAgo: Double(hours)) }
    BlobCache(folder: folder, limit: 50).sweep()
    #expect(try names() == ["2", "3", "4", "5"])
  }

  @Test("A file that was just handed out stays, and so does one used within the hour")
  func inUse() throws {
    let cache = BlobCache(folder: folder, limit: 5)
    let used = try file("used", hoursAgo: 20)
    _ = try file("recent", hoursAgo: 0.5)
    _ = try file("old", hoursAgo: 3)
    #expect(cache.use(used) && !cache.use("\(folder)/ab/none"))
    cache.sweep()
    #expect(try names() == ["recent", "used"])
  }

  @Test("What comes makes room once the limit is passed")
  func added() throws {
    let cache = BlobCache(folder: folder, limit: 25)
    cache.sweep()
    for (name, hours) in [("a", 6.0), ("b", 5.0)] {
      _ = try file(name, hoursAgo: hours)
      cache.added(10)
    }
    #expect(try names() == ["a", "b"])
    _ = try file("c", hoursAgo: 4)
    cache.added(10)
    #expect(try names() == ["b", "c"])
  }
}
