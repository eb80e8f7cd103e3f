import Foundation
import MartletCore

/// The files that a dataset's `source:` names: a pattern with `*` and `{partition}` in the project's folder.
struct SourceFiles {
  struct File: Sendable {
    /// What stood in the place of `{partition}`; nil when the pattern has none.
    var partition: String?
    var path: String
  }

  let folder: String
  let pattern: String

  /// In the order of their partitions, then their paths.
  func all() throws -> [File] {
    let segments = pattern.split(separator: "/").map(String.init)
    guard !pattern.hasPrefix("/"), !segments.contains("..") else {
      throw MartletError(
        .invalidInput, "the source '\(pattern)' leaves the project's folder",
        fix: "put the data, or a link to it, inside the folder")
    }
    var found = [File(partition: nil, path: folder)]
    for segment in segments { found = try found.flatMap { try Self.matches(segment, below: $0) } }
    return found.filter { Self.isFile($0.path) }.sorted {
      ($0.partition ?? "", $0.path) < ($1.partition ?? "", $1.path)
    }
  }

  private static func matches(_ segment: String, below parent: File) throws -> [File] {
    guard segment.contains("*") || segment.contains("{partition}") else {
      let path = parent.path + "/" + segment
      return FileManager.default.fileExists(atPath: path) ? [File(partition: parent.partition, path: path)] : []
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
    return names.sorted().compactMap { name in
      guard !name.hasPrefix("."), let match = match(Substring(name), Substring(segment)) else { return nil }
      let partition = match.isEmpty ? parent.partition : match
      if let earlier = parent.partition, let partition, earlier != partition { return nil }
      return File(partition: partition, path: parent.path + "/" + name)
    }
  }

  /// What `{partition}` stands for when the name matches (empty when the segment has none), nil when it does not.
  static func match(_ name: Substring, _ pattern: Substring) -> String? {
    if pattern.isEmpty { return name.isEmpty ? "" : nil }
    if pattern.hasPrefix("{partition}") {
      let rest = pattern.dropFirst("{partition}".count)
      var end = name.endIndex
      while end > name.startIndex {
        if match(name[end...], rest) != nil { return String(name[..<end]) }
        end = name.index(before: end)
      }
      return nil
    }
    if pattern.first == "*" {
      for start in name.indices + [name.endIndex] {
        if let found = match(name[start...], pattern.dropFirst()) { return found }
      }
      return nil
    }
    guard name.first == pattern.first else { return nil }
    return match(name.dropFirst(), pattern.dropFirst())
  }

  private static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
  }
}
