import Foundation
import MartletCore
import Yams

/// A folder with a project file: what of it goes to the server, and which data files it names.
struct ProjectFolder {
  /// Absolute.
  let path: String
  /// The project file's text.
  let text: String
  let name: String

  private static let snapshotLimit = 16 << 20
  private static let dataSuffixes = [".csv", ".csv.gz", ".parquet", ".json.gz", ".jsonl", ".ndjson", ".zip"]

  init(path: String) throws {
    let folder = URL(fileURLWithPath: path).standardizedFileURL.path
    guard let data = FileManager.default.contents(atPath: folder + "/martlet.yaml") else {
      throw MartletError(
        .notFound, "there is no martlet.yaml in \(folder)",
        fix: "go to the project's folder, or name it: martlet run FOLDER")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw MartletError.invalidInput("martlet.yaml is not valid UTF-8")
    }
    self.path = folder
    self.text = text
    name = try Self.read(text)
  }

  /// The project's name; the server checks the rest, and says where what is wrong stands.
  private static func read(_ text: String) throws -> String {
    let written = text.split(separator: "\n").first { $0.hasPrefix("project:") }
    let name =
      (try? Yams.compose(yaml: text))?["project"]?.string
      ?? written.map { $0.dropFirst("project:".count).trimmingCharacters(in: .whitespaces) }
    guard let name, !name.isEmpty else {
      throw MartletError(
        .invalidInput, "martlet.yaml names no project", fix: "add a line such as: project: flight-delay")
    }
    return name
  }

  /// Datasets and the pattern of their files, as the project file has them; those without a file are left out.
  func sources() throws -> [(dataset: String, pattern: String)] {
    guard let data = try Yams.compose(yaml: text)?["data"]?.mapping else { return [] }
    return data.compactMap { key, value in
      guard let dataset = key.string, let pattern = value["source"]?.string, !pattern.contains("://"),
        !pattern.hasPrefix("postgres:")
      else { return nil }
      return (dataset, pattern)
    }
  }

  /// The text files that git does not ignore, without data files.
  func files() throws -> [(path: String, text: String, isExecutable: Bool)] {
    var (files, total): ([(String, String, Bool)], Int) = ([], 0)
    for name in try Self.names(in: path) where !Self.dataSuffixes.contains(where: name.hasSuffix) {
      guard let text = try Self.text(path + "/" + name, atMost: Self.snapshotLimit - total) else { continue }
      total += text.utf8.count
      files.append((name, text, FileManager.default.isExecutableFile(atPath: path + "/" + name)))
    }
    return files
  }

  /// The file's text; nil for what is not a plain file, or not text. A large file is not read to find that out.
  private static func text(_ path: String, atMost limit: Int) throws -> String? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let file = FileHandle(forReadingAtPath: path)
    else { return nil }
    defer { try? file.close() }
    let start = try file.read(upToCount: 8192) ?? Data()
    guard !start.contains(0) else { return nil }
    guard Int(status.st_size) <= limit else {
      throw MartletError(
        .payloadTooLarge, "the project's text files are larger than 16 MiB together",
        cause: "'\((path as NSString).lastPathComponent)' has \(status.st_size) bytes",
        fix: "let git ignore what is data or generated (.gitignore)")
    }
    guard let text = String(validating: start + (try file.readToEnd() ?? Data()), as: UTF8.self),
      !text.utf8.contains(0)
    else { return nil }
    return text
  }

  /// The commit, and the digest of what differs from it; nil outside a git work tree, and where git ignores the project.
  func revision() -> (commit: String, dirty: Bool)? {
    guard Self.knownToGit(path) != nil, let commit = Git(path).output(["rev-parse", "HEAD"])?.first else { return nil }
    let changes = Git(path).output(["status", "--porcelain", "--", "."]) ?? []
    return (commit, !changes.isEmpty)
  }

  private static func names(in path: String) throws -> [String] {
    if let names = knownToGit(path) {
      return names.filter { FileManager.default.fileExists(atPath: path + "/" + $0) }.sorted()
    }
    let all = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    return all.filter { name in !name.split(separator: "/").contains { $0.hasPrefix(".") || $0 == "build" } }.sorted()
  }

  /// What git does not ignore; nil where it ignores the project file itself, such as in another project's build folder.
  private static func knownToGit(_ path: String) -> [String]? {
    let names = Git(path).output(["ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", "."])
    return names.flatMap { $0.contains("martlet.yaml") ? $0 : nil }
  }
}

/// Git's answers about one folder.
struct Git {
  private let folder: String

  init(_ folder: String) { self.folder = folder }

  /// Lines (or NUL-separated names) of what git prints; nil when it fails or is not there.
  func output(_ arguments: [String]) -> [String]? {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git", "-C", folder] + arguments
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return String(decoding: data, as: UTF8.self).split { $0 == "\n" || $0 == "\0" }.map(String.init)
  }
}
