import HTTPTypes
import Hummingbird
import MartletAccess
import MartletCore
import MartletRegistry
import MartletTracking
import NIOCore

extension MLflowRoutes {
  /// The bytes of artifacts: every file of every run and logged model, and read-only those of registered versions.
  func addArtifactProxyRoutes(to endpoints: Endpoints<Context>) {
    let tracker = tracker
    endpoints.get("artifacts", needs: .inside) { call in
      let text = try call.fields.text("path")
      let folder = text.hasSuffix("/") ? String(text.dropLast()) : text
      try await demand(.read, call.gate, at: try ArtifactLocation.checked(folder, allowsRoot: true))
      let entries = try await self.list(folder)
      return .object { reply in reply.list("files", entries) { $0.write($1, in: "") } }
    }
    endpoints.raw(.get, "artifacts/**", needs: .inside) { request, context, gate in
      let path = try Self.artifactPath(of: request)
      try await demand(.read, gate, at: path)
      return try await response(for: try await file(at: path), to: request, context: context)
    }
    endpoints.raw(.put, "artifacts/**", needs: .inside) { request, _, gate in
      let path = try Self.artifactPath(of: request)
      try await demand(.edit, gate, at: path)
      try await store(request, as: path)
      return Response(wire: .empty)
    }
    endpoints.raw(.delete, "artifacts/**", needs: .inside) { request, _, gate in
      let path = try Self.artifactPath(of: request)
      try await demand(.delete, gate, at: path)
      try await tracker.deleteArtifacts(path: path)
      return Response(wire: .empty)
    }
    addDirectTransferRoutes(to: endpoints)
  }

  /// Lets pass who may do this to every experiment that keeps artifacts there, or to the registered model; where nobody
  /// keeps any, who may do it everywhere. What may not be read is not there.
  private func demand(_ act: WireNeed.Act, _ gate: WireGate, at path: String) async throws {
    if gate.caller.isLocal { return }
    if path.isEmpty {
      try await gate.demand(act, .server)
      return
    }
    let subjects = try await subjects(at: path)
    // For whoever is denied something, a path of nobody's is as one of theirs.
    if subjects == [.server], gate.caller.hasDenials { throw Self.absent(path) }
    for subject in subjects {
      guard try await gate.allows(.read, subject) else { throw Self.absent(path) }
      try await gate.demand(act, subject)
    }
  }

  private func subjects(at path: String) async throws -> [Subject] {
    if let (id, _) = try Self.registered(path) { return [.model(id.model)] }
    let experiments = try await tracker.experiments(holding: path)
    return experiments.isEmpty ? [.server] : experiments.map { .experiment($0) }
  }

  private static func absent(_ path: String) -> MartletError {
    .notFound("No such artifact: '\(path.prefix(200))'")
  }

  /// What stands behind `…/mlflow-artifacts/artifacts/` in the address, percent-decoded once and checked.
  static func artifactPath(of request: Request, behind operation: String = "artifacts") throws -> String {
    let path = request.uri.path
    guard let marker = path.firstRange(of: "/mlflow-artifacts/\(operation)/") else {
      throw MartletError.invalidInput("Invalid path")
    }
    return try ArtifactLocation.checked(try QueryString.decoded(path[marker.upperBound...], plusIsSpace: false))
  }

  // MARK: Lookup

  private func file(at path: String) async throws -> StoredFile {
    if let (id, inside) = try Self.registered(path) { return try await registeredFile(inside, of: id) }
    return try await tracker.artifactFile(at: path).stored
  }

  /// A file of a registered version.
  func registeredFile(_ path: String, of id: ModelVersionID) async throws -> StoredFile {
    let version = try await registry.version(id)
    guard let file = version.files.first(where: { $0.path == path }) else {
      throw MartletError.notFound("No such artifact: '\(path.prefix(200))' of model version \(id)")
    }
    return StoredFile(name: file.path, digest: file.digest, size: file.size, mediaType: nil)
  }

  /// What lies directly in a folder; a file lists as nothing, as in MLflow.
  private func list(_ folder: String) async throws -> [ArtifactEntry] {
    let folder = try ArtifactLocation.checked(folder, allowsRoot: true)
    guard let (id, inside) = try Self.registered(folder) else {
      return try await tracker.listArtifacts(path: folder).filter { $0.file?.path != folder }
    }
    let files = try await registry.version(id).files.map {
      ArtifactFile(path: $0.path, digest: $0.digest, size: $0.size, mediaType: nil)
    }
    let below = inside.isEmpty ? files : files.filter { $0.path.hasPrefix("\(inside)/") }
    return ArtifactEntry.entries(of: below, in: inside)
  }

  /// `registry/<model>/<version>[/<path>]` taken apart; nil for every other path.
  private static func registered(_ path: String) throws -> (ModelVersionID, String)? {
    let parts = path.split(separator: "/", maxSplits: 3).map(String.init)
    guard parts.first == ArtifactLocation.registryRoot, parts.count >= 3 else { return nil }
    guard let number = Int(parts[2]) else {
      throw absent(path)
    }
    return (ModelVersionID(model: ModelName(parts[1]), version: number), parts.count > 3 ? parts[3] : "")
  }
}

/// A blob as it is handed out.
struct StoredFile: Sendable {
  var name: String
  var digest: Digest
  var size: Int64
  var mediaType: String?
}

extension ArtifactFile {
  var stored: StoredFile { StoredFile(name: path, digest: digest, size: size, mediaType: mediaType) }
}
