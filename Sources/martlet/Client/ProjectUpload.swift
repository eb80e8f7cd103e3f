import Crypto
import Foundation
import MartletCore
import NIOPosix

/// Sends a project's code, and the data files that the server has not seen.
struct ProjectUpload: Sendable {
  let project: ProjectFolder
  let session: Session

  func path(_ rest: String = "") -> String { "/projects/\(APIClient.escape(project.name))\(rest)" }

  /// The project file and its text files, with the commit they stand at; returns the version they are.
  ///
  /// - Parameter branch: stored and run without becoming the project's active version.
  @discardableResult
  func snapshot(branch: String? = nil) async throws -> JSON {
    var body: [String: JSON] = [
      "files": .array(
        try project.files().sorted { $0.path < $1.path }.map { file in
          ["path": .string(file.path), "text": .string(file.text), "executable": .boolean(file.isExecutable)]
        })
    ]
    if let revision = project.revision() {
      body["commit"] = .string(revision.commit)
      body["dirty"] = .boolean(revision.dirty)
    }
    body["branch"] = branch.map(JSON.string)
    return try await session.client.send(.put, path(), .object(body))
  }

  /// Each dataset's files, oldest partition first; a delivery that fails a check ends it with exit code 5.
  func data() async throws {
    for (dataset, pattern) in try project.sources() {
      let files = try SourceFiles(folder: project.path, pattern: pattern).all()
      let target = path("/datasets/\(APIClient.escape(dataset))")
      for (index, file) in try await unseen(files, target).enumerated() {
        let progress = ProgressLine(session.output)
        progress.show("\(dataset): \(file.partition ?? "file") (\(index + 1))")
        let report = try await DeliveredFile(path: file.path, partition: file.partition).deliver(to: target, session)
        progress.clear()
        try check(report, dataset, file)
      }
    }
  }

  private func check(_ report: JSON, _ dataset: String, _ file: SourceFiles.File) throws {
    guard report["state"]?.string == "quarantined" else { return }
    throw MartletError(
      .checkFailed, "\(file.partition ?? file.path) of '\(dataset)' is quarantined",
      cause: DeliveryColumns.reason(report),
      fix: "see the rows: martlet data quarantine \(dataset)")
  }

  /// The files whose content the server has not had for this dataset.
  private func unseen(_ files: [SourceFiles.File], _ target: String) async throws -> [SourceFiles.File] {
    guard !files.isEmpty else { return [] }
    let digests = try await NIOThreadPool.singleton.runIfActive { try files.map { try FileDigest.of($0.path) } }
    let answer = try await session.client.send(
      .post, target + "/missing", ["digests": .array(Set(digests).sorted().map(JSON.string))])
    let missing = Set((answer["missing"]?.array ?? []).compactMap(\.string))
    return zip(files, digests).filter { missing.contains($0.1) }.map(\.0)
  }
}

/// SHA-256 of files, in hexadecimal.
enum FileDigest {
  static func of(_ path: String) throws -> String {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw MartletError(
        .notFound, "the file \(path) cannot be read", cause: String(cString: strerror(errno)),
        fix: "check the path, and that you may read it")
    }
    defer { try? handle.close() }
    var hash = SHA256()
    while let part = try handle.read(upToCount: 1 << 20), !part.isEmpty { hash.update(data: part) }
    return Digest(bytes: hash.finalize()).hex
  }
}
