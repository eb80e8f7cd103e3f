import Foundation
import MartletCore
package import MartletRegistry
package import MartletTracking

/// A run, a logged model: whatever has files of its own.
package enum ArtifactOwner: Sendable, Hashable {
  case run(String)
  case loggedModel(String)

  /// As the comparison at the end names it.
  package var text: String {
    switch self {
    case .run(let id): "run:\(id)"
    case .loggedModel(let id): "logged_model:\(id)"
    }
  }
}

/// A file of an owner, where it lies at the source.
package struct ForeignFile: Sendable, Hashable {
  /// Below the owner's artifacts.
  package var path: String
  /// Bytes; nil when the source does not say.
  package var size: Int64?
  package var place: Place

  package enum Place: Sendable, Hashable {
    case local(String)
    case remote(String)
  }

  package init(path: String, size: Int64?, place: Place) {
    self.path = path
    self.size = size
    self.place = place
  }
}

/// A webhook of another registry; its secret is not readable.
package struct ForeignWebhook: Sendable, Hashable {
  package var name: String
  package var url: String
  /// `model_version.created`, …
  package var events: [String]
  package var description: String?
}

/// How much a source has, to say how much is left; nil: it does not tell.
package struct SourceSize: Sendable, Hashable {
  package var runs: Int64?
  package var points: Int64?

  package init(runs: Int64? = nil, points: Int64? = nil) {
    self.runs = runs
    self.points = points
  }
}

/// What an owner's artifacts are to an import.
package enum ForeignArtifacts: Sendable {
  case files([ForeignFile])
  /// They stay where they are, at an address that clients reach by themselves.
  case elsewhere
}

/// Another MLflow: a server, a database or a folder. Everything is read page by page.
package protocol MLflowSource: Sendable {
  /// As the user named it, without a password.
  var name: String { get }

  /// Looks whether this can be read at all, and returns remarks for the user.
  ///
  /// - Throws: `.invalidInput` for a schema or a version that is not known.
  func check() async throws -> [String]

  /// How much there is, where the source tells without reading everything.
  func size() async throws -> SourceSize

  /// All of them, deleted ones included.
  func experiments() async throws -> [ImportedExperiment]

  /// Runs of an experiment, deleted ones included, page by page. `artifactPlace` is the source's own.
  func forEachRuns(of experiment: String, _ body: ([ImportedRun]) async throws -> Void) async throws

  /// Every metric point of these runs, some thousands at a time, a long series in several parts.
  func forEachSeries(of runs: [ImportedRun], _ body: ([ImportedSeries]) async throws -> Void) async throws

  func forEachLoggedModels(of experiment: String, _ body: ([ImportedLoggedModel]) async throws -> Void) async throws

  func modelNames() async throws -> [String]
  func model(_ name: String) async throws -> ImportedModel

  /// None where the source has none, or does not tell.
  func webhooks() async throws -> [ForeignWebhook]

  /// - Parameter uri: the source's own address of the owner's artifacts.
  func artifacts(of owner: ArtifactOwner, uri: String?) async throws -> ForeignArtifacts

  /// Where artifacts stay that are not copied, at an address that clients reach by themselves; nil: they are copied.
  func lastingAddress(_ uri: String?) -> String?

  /// The bytes of a remote file, piece by piece.
  func read(_ address: String) async throws -> RemoteBytes

  func close() async
}

extension MLflowSource {
  package func read(_ address: String) async throws -> RemoteBytes {
    throw MartletError(.internalError, "this source has no remote files")
  }

  package func close() async {}

  package func size() async throws -> SourceSize { SourceSize() }

  package func webhooks() async throws -> [ForeignWebhook] { [] }

  package func lastingAddress(_ uri: String?) -> String? {
    guard let uri, !uri.isEmpty, ArtifactAddress.localPath(uri) == nil, ArtifactAddress.servedPath(uri) == nil else {
      return nil
    }
    return uri
  }
}

/// Addresses of artifacts as MLflow writes them.
enum ArtifactAddress {
  /// The path of a local address: `file:///a`, `/a`, `./a`; nil for others.
  static func localPath(_ uri: String) -> String? {
    if uri.hasPrefix("file:") {
      let rest = uri.dropFirst("file:".count)
      let path = rest.hasPrefix("//") ? rest.dropFirst(2) : rest
      return String(path).removingPercentEncoding ?? String(path)
    }
    return uri.contains("://") || uri.hasPrefix("mlflow-artifacts:") ? nil : uri
  }

  /// The path that a server serves as `mlflow-artifacts:/<path>`, with or without a host.
  static func servedPath(_ uri: String) -> String? {
    guard uri.hasPrefix("mlflow-artifacts:") else { return nil }
    var rest = uri.dropFirst("mlflow-artifacts:".count)
    if rest.hasPrefix("//") {
      rest = rest.dropFirst(2).drop { $0 != "/" }
    }
    return String(rest.drop { $0 == "/" })
  }

  /// Whose files an address of a model version names: `runs:/<run>/<path>`, `models:/m-<id>`, or a folder below
  /// `<run>/artifacts` or `models/<id>/artifacts`.
  static func place(_ uri: String) -> ImportedVersion.Place? {
    let parts = uri.split(separator: "/").map(String.init)
    if uri.hasPrefix("runs:/"), parts.count >= 2 {
      return .init(run: parts[1], path: parts.dropFirst(2).joined(separator: "/"))
    }
    if uri.hasPrefix("models:/"), parts.count >= 2, parts[1].hasPrefix("m-") {
      return .init(loggedModel: parts[1], path: parts.dropFirst(2).joined(separator: "/"))
    }
    guard let at = parts.lastIndex(of: "artifacts"), at > 0 else { return nil }
    let (owner, path) = (parts[at - 1], parts[(at + 1)...].joined(separator: "/"))
    if owner.hasPrefix("m-") { return .init(loggedModel: owner, path: path) }
    let isRun = owner.utf8.count == 32 && owner.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    return isRun ? .init(run: owner, path: path) : nil
  }
}

/// Files of this machine.
enum LocalFolder {
  /// Every plain file below a folder, in order of path; none when there is no such folder. Links are not followed.
  static func files(_ folder: String) throws -> [ForeignFile] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else { return [] }
    var found: [ForeignFile] = []
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() {
      var status = stat()
      guard lstat("\(folder)/\(path)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      found.append(ForeignFile(path: path, size: Int64(status.st_size), place: .local("\(folder)/\(path)")))
    }
    return found
  }
}
