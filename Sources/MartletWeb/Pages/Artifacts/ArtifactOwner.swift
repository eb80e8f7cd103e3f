import MartletCore
import MartletLifecycle
import MartletTracking

/// What a folder of artifacts belongs to, and where its pages are.
enum ArtifactOwner: Sendable, Hashable {
  case run(RunID)
  case loggedModel(String)

  /// The owner's own page.
  var page: String {
    switch self {
    case .run(let run): ObjectLink.run(run)
    case .loggedModel(let id): ObjectLink.loggedModel(id)
    }
  }

  func browser(_ path: String) -> String { link(page + "/artifacts", ["path": path]) }
  /// The file as a picture.
  func image(_ path: String) -> String { link(page + "/artifacts/image", ["path": path]) }
  /// The file as a page of its own, in a sandbox.
  func frame(_ path: String) -> String { link(page + "/artifacts/frame", ["path": path]) }

  /// The file as a download.
  func download(_ path: String, root: String) -> String {
    switch self {
    case .run(let run): link("/get-artifact", ["run_uuid": run.text, "path": path])
    case .loggedModel:
      "/api/2.0/mlflow-artifacts/artifacts/\(ObjectLink.pathEncoded("\(root)/\(path)") ?? "")"
    }
  }

  /// The folder of the artifact space; what it is called, for people; its experiment.
  struct Place: Sendable {
    var root: String
    var name: String
    var experiment: ExperimentID
  }

  /// - Throws: `.notFound` when there is no such owner, or this server does not keep its files.
  func place(_ tracker: ExperimentTracker) async throws -> Place {
    let (uri, name, experiment): (String, String, ExperimentID)
    switch self {
    case .run(let id):
      let run = try await tracker.runInfo(id)
      (uri, name, experiment) = (run.artifactURI, run.name, run.experiment)
    case .loggedModel(let id):
      let model = try await tracker.loggedModel(id)
      (uri, name, experiment) = (model.artifactURI, model.name, model.experiment)
    }
    guard let root = ArtifactLocation.path(ofURI: uri), !root.isEmpty else {
      throw MartletError.notFound(
        "this server does not keep the artifacts of \(name.prefix(100))", fix: "they lie at \(uri.prefix(200))")
    }
    return Place(root: root, name: name, experiment: experiment)
  }

  /// The file at a path below the owner's folder.
  func file(_ path: String, _ place: Place, _ tracker: ExperimentTracker) async throws -> ArtifactFile? {
    let path = try ArtifactLocation.checked(path)
    return try await tracker.artifact(path: "\(place.root)/\(path)")
  }
}
