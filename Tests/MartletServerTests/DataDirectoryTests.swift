import Foundation
import MartletCore
import Testing

@testable import MartletServer

@Suite("One server owns a data directory")
struct DataDirectoryTests {
  private let path = NSTemporaryDirectory() + "martlet-lock-\(UUID().uuidString)/data"

  @Test("A second server is refused and told who holds the directory and where it answers")
  func second() throws {
    let first = try DataDirectory(path: path)
    try first.announce(
      ServerRecord(url: "http://127.0.0.1:5000", pid: getpid(), started: Timestamp(milliseconds: 0), version: "1"))
    let error = #expect(throws: MartletError.self) { try DataDirectory(path: path) }
    #expect(error?.code == .conflict)
    #expect(error?.cause?.contains("process \(getpid())") == true)
    #expect(error?.fix?.contains("http://127.0.0.1:5000") == true)
  }

  @Test("When the first has gone the next may have it, and finds no stale address")
  func afterwards() throws {
    do {
      let first = try DataDirectory(path: path)
      try first.announce(
        ServerRecord(url: "http://127.0.0.1:5000", pid: getpid(), started: Timestamp(milliseconds: 0), version: "1"))
    }
    _ = try DataDirectory(path: path)
    #expect(ServerRecord.read(in: path) == nil)
  }

  @Test("What a server that was killed left half done is removed, and nothing else")
  func scratch() throws {
    for file in ["scratch/jobs/job-1/part", "scratch/ingest-2/rows.parquet", "artifacts/blobs/ab/abcd"] {
      let folder = "\(path)/\(file)".split(separator: "/").dropLast().joined(separator: "/")
      try FileManager.default.createDirectory(atPath: "/\(folder)", withIntermediateDirectories: true)
      try Data([1]).write(to: URL(fileURLWithPath: "\(path)/\(file)"))
    }
    _ = try DataDirectory(path: path)
    #expect(!FileManager.default.fileExists(atPath: "\(path)/scratch"))
    #expect(FileManager.default.fileExists(atPath: "\(path)/artifacts/blobs/ab/abcd"))
  }

  @Test("A file in its place is refused with a message")
  func file() throws {
    let file = NSTemporaryDirectory() + "martlet-file-\(UUID().uuidString)"
    try Data().write(to: URL(fileURLWithPath: file))
    let error = #expect(throws: MartletError.self) { try DataDirectory(path: file) }
    #expect(error?.message.contains(file) == true)
  }

  @Test("A record of a process that is gone is not believed")
  func stale() throws {
    let directory = try DataDirectory(path: path)
    try directory.announce(
      ServerRecord(url: "http://127.0.0.1:1", pid: 0x3FFF_FFFF, started: Timestamp(milliseconds: 0), version: "1"))
    #expect(ServerRecord.read(in: path) == nil)
  }
}
