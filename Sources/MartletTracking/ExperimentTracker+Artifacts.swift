package import MartletCore
import MartletStore

extension ExperimentTracker {
  /// Shows a stored blob under a path of the artifact space, such as `1/<run>/artifacts/plot.png`.
  ///
  /// - Throws: `.invalidInput` when the path is not plain, is a folder already, goes through a file, or belongs to a
  ///   registered model version or a deleted run.
  package func putArtifact(path: String, digest: Digest, size: Int64, mediaType: String? = nil) async throws {
    let parts = try ArtifactLocation.parts(of: path)
    guard parts.first != ArtifactLocation.registryRoot else {
      throw MartletError.invalidInput(
        "Invalid path: the files of registered model versions do not change", fix: "register a new version")
    }
    let now = clock.now
    try await database.write { connection in
      for count in 1..<max(parts.count, 1) {
        let folder = parts.prefix(count).joined(separator: "/")
        if try ArtifactFileStore.get(folder, in: connection) != nil {
          throw MartletError.invalidInput("Invalid path: '\(folder)' is a file, not a folder")
        }
      }
      guard try !ArtifactFileStore.isFolder(path, in: connection) else {
        throw MartletError.invalidInput("Invalid path: '\(path)' is a folder")
      }
      try ArtifactFileStore.put(
        ArtifactFile(path: path, digest: digest, size: size, mediaType: mediaType), at: now, in: connection)
    }
  }

  /// Shows a stored blob as an artifact of a run.
  package func putArtifact(
    _ path: String, of run: RunID, digest: Digest, size: Int64, mediaType: String? = nil
  ) async throws {
    let full = try await artifactPath(path, of: run, forWriting: true)
    try await putArtifact(path: full, digest: digest, size: size, mediaType: mediaType)
  }

  /// The file at a path; nil when there is none, also when the path is a folder.
  package func artifact(path: String) async throws -> ArtifactFile? {
    let path = try ArtifactLocation.checked(path)
    return try await database.read { try ArtifactFileStore.get(path, in: $0) }
  }

  /// - Throws: `.notFound`, or `.invalidInput` when the path is that of a folder.
  package func artifactFile(at path: String) async throws -> ArtifactFile {
    let path = try ArtifactLocation.checked(path)
    return try await database.read { connection in
      if let file = try ArtifactFileStore.get(path, in: connection) { return file }
      guard try !ArtifactFileStore.isFolder(path, in: connection) else {
        throw MartletError.invalidInput("Artifact path refers to a directory, not a file: '\(path.prefix(200))'")
      }
      throw MartletError.notFound("No such artifact: '\(path.prefix(200))'")
    }
  }

  /// - Throws: `.notFound`, naming path and run, or `.invalidInput` when the path is that of a folder.
  package func artifact(_ path: String, of run: RunID) async throws -> ArtifactFile {
    let full = try await artifactPath(path, of: run, forWriting: false)
    do {
      return try await artifactFile(at: full)
    } catch let error as MartletError where error.code == .notFound {
      throw MartletError.notFound("No such artifact: '\(path.prefix(200))' of run \(run)")
    }
  }

  /// What lies directly in a folder, in order of name; a folder that does not exist is empty. Asked of a file, the
  /// file itself.
  package func listArtifacts(path folder: String) async throws -> [ArtifactEntry] {
    let folder = try ArtifactLocation.checked(folder, allowsRoot: true)
    return try await database.read { connection in
      if !folder.isEmpty, let file = try ArtifactFileStore.get(folder, in: connection) {
        return [ArtifactEntry(name: folder.split(separator: "/").last.map(String.init) ?? folder, file: file)]
      }
      let files = try ArtifactFileStore.below(folder, limit: Self.mostListed, in: connection)
      return ArtifactEntry.entries(of: files, in: folder)
    }
  }

  package func listArtifacts(_ folder: String = "", of run: RunID) async throws -> [ArtifactEntry] {
    try await listArtifacts(path: try await artifactPath(folder, of: run, forWriting: false))
  }

  /// All files of a run below a folder, with paths relative to that folder.
  package func artifactFiles(below folder: String = "", of run: RunID) async throws -> [ArtifactFile] {
    try await artifactFiles(below: try await artifactPath(folder, of: run, forWriting: false))
  }

  /// All files below a folder of the artifact space, with paths relative to that folder; at most 100,000.
  package func artifactFiles(below folder: String) async throws -> [ArtifactFile] {
    let folder = try ArtifactLocation.checked(folder, allowsRoot: true)
    let files = try await database.read { try ArtifactFileStore.below(folder, limit: Self.mostListed, in: $0) }
    return files.map { file in
      var relative = file
      relative.path = folder.isEmpty ? file.path : String(file.path.dropFirst(folder.count + 1))
      return relative
    }
  }

  /// Removes a file, or a folder with all that is in it; what is not there is no error. Only names go, blobs stay.
  package func deleteArtifacts(path: String) async throws {
    let parts = try ArtifactLocation.parts(of: path)
    guard parts.first != ArtifactLocation.registryRoot else {
      throw MartletError.invalidInput("Invalid path: the files of registered model versions do not change")
    }
    _ = try await database.write { try ArtifactFileStore.delete(path, in: $0) }
  }

  private static let mostListed = 100_000

  /// The full path of a run's artifact; the empty path is the run's folder.
  func artifactPath(_ path: String, of run: RunID, forWriting: Bool) async throws -> String {
    let path = try ArtifactLocation.checked(path, allowsRoot: !forWriting)
    let info = try await database.read { connection in
      forWriting ? try RunStore.active(run, in: connection).info : try RunStore.get(run, in: connection).info
    }
    guard let root = ArtifactLocation.path(ofURI: info.artifactURI) else {
      throw MartletError.invalidInput("the artifacts of run \(run) are not kept by this server: \(info.artifactURI)")
    }
    return path.isEmpty ? root : "\(root)/\(path)"
  }
}

extension ArtifactEntry {
  /// What lies directly in a folder, given every file below it in order of path.
  package static func entries(of files: [ArtifactFile], in folder: String) -> [ArtifactEntry] {
    let skipped = folder.isEmpty ? 0 : folder.utf8.count + 1
    var entries: [ArtifactEntry] = []
    for file in files {
      let rest = file.path.utf8.dropFirst(skipped)
      if let slash = rest.firstIndex(of: UInt8(ascii: "/")) {
        let name = String(decoding: rest[..<slash], as: UTF8.self)
        if entries.last?.name != name { entries.append(ArtifactEntry(name: name, file: nil)) }
      } else {
        entries.append(ArtifactEntry(name: String(decoding: rest, as: UTF8.self), file: file))
      }
    }
    return entries.sorted { $0.name < $1.name }
  }
}
