import Foundation
import MartletCore
import Testing

@testable import martlet

@Suite("A source pattern names files in the project's folder")
struct SourceFilesTests {
  private let folder = NSTemporaryDirectory() + "martlet-sources-\(UUID().uuidString)"

  private func make(_ paths: String...) throws {
    for path in paths {
      let url = URL(fileURLWithPath: folder + "/" + path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data().write(to: url)
    }
  }

  @Test("{partition} stands for a part of the name, and the files come in its order")
  func partitions() throws {
    try make("data/f-2013-01-02.csv", "data/f-2013-01-01.csv", "data/other.txt", "data/.f-2013-01-03.csv")
    let files = try SourceFiles(folder: folder, pattern: "data/f-{partition}.csv").all()
    #expect(files.map(\.partition) == ["2013-01-01", "2013-01-02"])
  }

  @Test("{partition} may be a folder with any files below it")
  func folders() throws {
    try make("d/2013-01-01/a.parquet", "d/2013-01-01/b.parquet", "d/2013-01-02/a.parquet")
    let files = try SourceFiles(folder: folder, pattern: "d/{partition}/*.parquet").all()
    #expect(files.map(\.partition) == ["2013-01-01", "2013-01-01", "2013-01-02"])
  }

  @Test("Without a pattern it is the one file, or none")
  func plain() throws {
    try make("data/planes.csv")
    #expect(try SourceFiles(folder: folder, pattern: "data/planes.csv").all().map(\.partition) == [nil])
    #expect(try SourceFiles(folder: folder, pattern: "data/missing.csv").all().isEmpty)
  }

  @Test("A pattern that leaves the folder is refused", arguments: ["/etc/passwd", "../x/*.csv", "a/../../b.csv"])
  func outside(pattern: String) {
    #expect(throws: MartletError.self) { try SourceFiles(folder: folder, pattern: pattern).all() }
  }

  @Test(
    "Names match by letters, * and {partition}",
    arguments: [
      ("a.csv", "a.csv", ""), ("a.csv", "*.csv", ""), ("2013.csv", "{partition}.csv", "2013"),
      ("x-1-y", "x-{partition}-y", "1"),
      ("abc", "a*c", ""), ("a.b.csv", "{partition}.csv", "a.b"),
    ])
  func matching(name: String, pattern: String, partition: String) {
    #expect(SourceFiles.match(name[...], pattern[...]) == partition)
  }

  @Test(
    "Other names do not",
    arguments: [("a.csv", "b.csv"), ("a.csv", "a.cs"), (".csv", "{partition}.csv"), ("ab", "a*c")])
  func different(name: String, pattern: String) { #expect(SourceFiles.match(name[...], pattern[...]) == nil) }
}
