import MartletAccess
import MartletCore
import MartletPipelines
import MartletRegistry
import MartletStore
import MartletTracking

/// The names that a project takes for its own: its experiment, and the models that its pipeline registers. What belongs to
/// nobody yet becomes the project's; what is somebody else's is refused, so that no step works into it.
struct ProjectClaim {
  let project: ProjectName

  /// - Throws: `.conflict` when the experiment of the project's name is somebody else's.
  func experiment(_ connection: any SQLConnection, _ found: Experiment) throws {
    let owner = found.tag(ProjectName.tag).map { ProjectName($0) }
    guard try isElses(owner, .experiment, found.id.text, connection) else { return }
    throw MartletError(
      .conflict, "the experiment '\(found.name)' is not the project's",
      cause: "the project keeps its runs in the experiment of its name, and this one belongs to somebody else",
      fix: "have whoever manages experiment \(found.id) rename it, or hand it over with the tag "
        + "\(ProjectName.tag)=\(project); or give the project another name")
  }

  /// - Parameter owner: the project that the model belongs to.
  /// - Throws: `.conflict` when the model is somebody else's.
  func model(_ connection: any SQLConnection, _ name: ModelName, _ owner: ProjectName?) throws {
    guard try isElses(owner, .model, name.text, connection) else { return }
    throw MartletError(
      .conflict, "the registered model '\(name)' is not the project's",
      cause: "the project \(project) wants to register versions of it, and it belongs to somebody else",
      fix: "have whoever manages it rename it, or hand it over with the tag \(ProjectName.tag)=\(project); or choose "
        + "another name under register: in martlet.yaml")
  }

  private func isElses(
    _ owner: ProjectName?, _ kind: ResourceKind, _ id: String, _ connection: any SQLConnection
  ) throws -> Bool {
    try owner.map { $0 != project } ?? Accounts.isHeld(kind, id, in: connection)
  }

  /// The same for everything that a project file names, before anything is made.
  func check(_ file: ProjectFile, _ platform: Platform) async throws {
    let experiment = try await platform.tracker.findExperiment(named: project.text)
    let models = try await Self.models(file, platform.registry)
    try await platform.database.read { connection in
      if let experiment { try self.experiment(connection, experiment) }
      for model in models {
        try self.model(connection, model.name, model.tags[ProjectName.tag].map { ProjectName($0) })
      }
    }
  }

  /// Those registered models that there are.
  private static func models(_ file: ProjectFile, _ registry: ModelRegistry) async throws -> [RegisteredModel] {
    var models: [RegisteredModel] = []
    for step in file.steps {
      guard case .register(let register) = step.work else { continue }
      do { models.append(try await registry.model(register.name)) } catch let error as MartletError
        where error.code == .notFound
      {}
    }
    return models
  }
}
