import Foundation
import MartletArtifacts
import MartletCore
import MartletModels
import MartletRegistry

/// Model packages between folders, where engines read them, and blobs, where they are kept.
struct ModelFolder: Sendable {
  let artifacts: ArtifactStore

  /// Stores every file of a package's folder.
  func store(_ folder: String) async throws -> [ModelFile] {
    var files: [ModelFile] = []
    for name in try Self.names(in: folder) {
      let blob = try await artifacts.put(file: "\(folder)/\(name)")
      files.append(ModelFile(path: name, digest: blob.digest, size: Int64(blob.size)))
    }
    return files
  }

  /// Lays the files out in a folder, as links to the blobs; a folder that is whole already is left as it is.
  func lay(out files: [ModelFile], in folder: String) async throws {
    let manager = FileManager.default
    do {
      try manager.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      for file in files {
        guard !file.path.contains("/"), !file.path.hasPrefix(".") else {
          throw MartletError.invalidInput("the model has a file '\(file.path.prefix(80))' outside its folder")
        }
        let target = "\(folder)/\(file.path)"
        if manager.fileExists(atPath: target) { continue }
        let source = try await artifacts.path(of: file.digest)
        // A link shares the blob's bytes; on another file system they are copied.
        do { try manager.linkItem(atPath: source, toPath: target) } catch {
          try manager.copyItem(atPath: source, toPath: target)
        }
      }
    } catch let error as MartletError {
      throw error
    } catch {
      throw MartletError(.unavailable, "the model's files could not be laid out", cause: String(describing: error))
    }
  }

  private static func names(in folder: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    } catch {
      throw MartletError(.unavailable, "the model's folder could not be read", cause: String(describing: error))
    }
  }
}

/// A folder that is removed when the work in it is done.
func withScratch<Value>(in parent: String, _ body: (String) async throws -> Value) async throws -> Value {
  let folder = "\(parent)/\(UUID().uuidString.lowercased())"
  do {
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  } catch {
    throw MartletError(.unavailable, "a working folder could not be made", cause: String(describing: error))
  }
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try await body(folder)
}
