import Foundation
import MartletArtifacts
import MartletCore
import MartletTesting
import Testing

@Suite("Files are stored once, whole, under the SHA-256 of their content")
struct ArtifactStoreTests {
  private let store: ArtifactStore

  init() throws { store = ArtifactStore(root: try TemporaryFolder.make() + "/artifacts") }

  @Test("Bytes are named by their SHA-256 and read back")
  func putBytes() async throws {
    let blob = try await store.put(bytes: Array("abc".utf8))
    // FIPS 180-2, appendix B.1.
    #expect(blob.digest.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(blob.size == 3)
    #expect(try await store.read(blob.digest) == Array("abc".utf8))
    #expect(try await store.path(of: blob.digest).hasSuffix("/blobs/ba/\(blob.digest.hex)"))
    #expect(try await store.exists(blob.digest))
  }

  @Test("The empty file is a file")
  func empty() async throws {
    let blob = try await store.put(bytes: [])
    #expect(blob.size == 0)
    #expect(try await store.read(blob.digest) == [])
  }

  @Test("A large file goes in from disk and comes out the same")
  func putFile() async throws {
    let path = try TemporaryFolder.make() + "/large"
    let bytes = (0..<3_500_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let blob = try await store.put(file: path)
    #expect(blob == (try await store.put(bytes: bytes)))
    #expect(try await store.read(blob.digest) == bytes)
    try await store.verify(blob.digest)
  }

  @Test("The same content by any way is one file")
  func deduplicated() async throws {
    let first = try await store.put(bytes: [1, 2, 3, 4])
    let writer = try await store.writer()
    try await writer.append([1, 2])
    try await writer.append([3, 4])
    #expect(try await writer.finish() == first)
    #expect(try files() == [first.digest.hex])
  }

  @Test("Many writers of the same and of other content at once do not disturb each other")
  func concurrent() async throws {
    let store = store
    let digests = try await withThrowingTaskGroup(of: Digest.self) { group in
      for number in 0..<40 { group.addTask { try await store.put(bytes: [UInt8(number % 10)]).digest } }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(digests.count == 10)
    #expect(try Set(files()) == Set(digests.map(\.hex)))
  }

  @Test("A range gives those bytes; one that reaches beyond the end is refused")
  func ranges() async throws {
    let digest = try await store.put(bytes: Array(0..<100)).digest
    #expect(try await store.read(digest, range: 10..<13) == [10, 11, 12])
    #expect(try await store.read(digest, range: 100..<100) == [])
    let error = await #expect(throws: MartletError.self) { try await store.read(digest, range: 90..<101) }
    #expect(error?.code == .invalidInput)
  }

  @Test("A file that is not there is 'not found' by its digest")
  func missing() async throws {
    let digest = Digest(bytes: Array(repeating: 7, count: 32))
    let error = await #expect(throws: MartletError.self) { try await store.read(digest) }
    #expect(error?.code == .notFound && error?.message.contains(digest.short) == true)
    #expect(try await !store.exists(digest))
  }

  @Test("An upload that is aborted, or let go, leaves nothing", .timeLimit(.minutes(1)))
  func broken() async throws {
    let aborted = try await store.writer()
    try await aborted.append([1, 2, 3])
    await aborted.abort()
    await #expect(throws: MartletError.self) { try await aborted.append([4]) }
    #expect(try files().isEmpty)
    try await letGo()
    // The pool's thread may hold the writer a moment longer than its caller.
    while try !files().isEmpty { await Task.yield() }
  }

  @Test("What an upload left when the process was killed is removed at the next start")
  func leftovers() async throws {
    try await store.prepare()
    try Data([1]).write(to: URL(fileURLWithPath: store.root + "/incoming/half"))
    try await store.prepare()
    #expect(try files().isEmpty)
  }

  @Test("Only the owner may enter the folder and read the files, and nobody writes them")
  func permissions() async throws {
    let digest = try await store.put(bytes: [1]).digest
    let file = try FileManager.default.attributesOfItem(atPath: try await store.path(of: digest))
    let folder = try FileManager.default.attributesOfItem(atPath: store.root)
    #expect(file[.posixPermissions] as? Int == 0o400)
    #expect(folder[.posixPermissions] as? Int == 0o700)
  }

  @Test("A folder or a missing file cannot be put")
  func notAFile() async throws {
    let folder = try TemporaryFolder.make()
    await #expect(throws: MartletError.invalidInput("'\(folder)' is not a plain file")) {
      try await store.put(file: folder)
    }
    let error = await #expect(throws: MartletError.self) { try await store.put(file: folder + "/none") }
    #expect(error?.code == .notFound)
  }

  @Test("A damaged file is noticed")
  func damaged() async throws {
    let digest = try await store.put(bytes: [1, 2, 3]).digest
    let path = try await store.path(of: digest)
    try FileManager.default.removeItem(atPath: path)
    try Data([1, 2, 4]).write(to: URL(fileURLWithPath: path))
    let error = await #expect(throws: MartletError.self) { try await store.verify(digest) }
    #expect(error?.code == .checkFailed)
  }

  @Test(
    "A full disk is 'storage full', leaves nothing, and what was there stays readable",
    .enabled(if: SmallDisk.isAvailable))
  func fullDisk() async throws {
    let disk = try #require(try SmallDisk(kilobytes: 256))
    defer { disk.remove() }
    let store = ArtifactStore(root: disk.path)
    let kept = try await store.put(bytes: [1])
    let error = await #expect(throws: MartletError.self) {
      try await store.put(bytes: Array(repeating: 1, count: 1 << 20))
    }
    #expect(error?.code == .storageFull && error?.fix != nil)
    #expect(try await store.read(kept.digest) == [1])
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.root + "/incoming").isEmpty)
  }

  private func letGo() async throws {
    let writer = try await store.writer()
    try await writer.append([9])
  }

  /// The names of all files, finished or not.
  private func files() throws -> [String] {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: store.root)
    return paths.filter { !$0.isEmpty && !isFolder("\(store.root)/\($0)") }.map { ($0 as NSString).lastPathComponent }
  }

  private func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
