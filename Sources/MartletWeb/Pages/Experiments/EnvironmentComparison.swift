import MartletArtifacts
import MartletCore
import MartletLifecycle
import MartletTracking

/// The files in which clients keep what a run's code needs, of two runs, as differences line by line.
struct EnvironmentComparison {
  struct File {
    var name: String
    var differences: String
  }

  var title: String
  var files: [File]
  var remark: String?

  private static let names = ["requirements.txt", "conda.yaml", "python_env.yaml"]
  private static let longest: Int64 = 128 << 10

  static func load(_ first: Run, _ second: Run, _ platform: Platform) async throws -> EnvironmentComparison {
    let (a, b) = (try await texts(of: first, platform), try await texts(of: second, platform))
    let files = names.compactMap { name -> File? in
      guard a[name] != nil || b[name] != nil else { return nil }
      let difference = LineDifference(from: a[name] ?? "", to: b[name] ?? "")
      return File(
        name: name, differences: difference.isEmpty ? #"<p class="empty">The same in both.</p>"# : difference.html)
    }
    return EnvironmentComparison(
      title: "\(first.info.name) → \(second.info.name)", files: files,
      remark: files.isEmpty
        ? "Neither run logged \(names.joined(separator: ", ")): clients do with a model." : nil)
  }

  /// By name; of several in one run the one least deep.
  private static func texts(of run: Run, _ platform: Platform) async throws -> [String: String] {
    guard let root = ArtifactLocation.path(ofURI: run.info.artifactURI), !root.isEmpty else { return [:] }
    let tree = try await platform.tracker.artifactTree(below: root, limit: ArtifactListing.mostListed)
    var texts: [String: String] = [:]
    for name in names {
      let found = tree.files.filter { $0.path == name || $0.path.hasSuffix("/\(name)") }
      guard let file = found.min(by: { $0.path.count < $1.path.count }) else { continue }
      let bytes = try await platform.artifacts.read(file.digest, range: 0..<min(file.size, longest))
      texts[name] = String(decoding: bytes, as: UTF8.self)
    }
    return texts
  }
}
