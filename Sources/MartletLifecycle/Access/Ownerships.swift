package import MartletAccess
import MartletCore
import MartletMonitoring
import MartletPipelines
package import MartletRegistry
import MartletServing
package import MartletTracking
import Synchronization

/// Finds the project that a thing belongs to, which decides who may see and change it.
///
/// Experiments and models belong to the project that their tag `martlet.project` names, or to none.
package final class Ownerships: Sendable {
  private let platform: Platform
  /// A run never changes its experiment.
  private let experiments = Mutex<[RunID: ExperimentID]>([:])
  private static let mostRemembered = 50_000

  package init(platform: Platform) { self.platform = platform }

  /// The rules of access over this platform.
  package var control: AccessControl {
    AccessControl(accounts: platform.accounts) { [self] in try await owner(of: $0) }
  }

  /// What a thing belongs to; nothing for what is not there, so that its absence shows only to those who may see all.
  package func owner(of subject: Subject) async throws -> Ownership {
    do {
      return try await find(subject)
    } catch let error as MartletError where [.notFound, .invalidInput, .conflict].contains(error.code) {
      return Ownership()
    }
  }

  private func find(_ subject: Subject) async throws -> Ownership {
    switch subject {
    case .server: return Ownership()
    case .project(let name): return Ownership(name)
    case .experiment(let id): return Self.owner(of: try await platform.tracker.experiment(id))
    case .experimentNamed(let name):
      return Self.owner(of: try await platform.tracker.experiment(named: name))
    case .run(let id): return try await find(.experiment(try await experiment(of: id)))
    case .loggedModel(let id): return try await find(.experiment(try await platform.tracker.loggedModel(id).experiment))
    case .model(let name): return Self.owner(of: try await platform.registry.model(name))
    case .endpoint(let name): return Ownership(try await platform.deployments.endpoint(name).definition.project)
    case .pipelineRun(let id): return Ownership(try await platform.pipelineRuns.run(id).project)
    case .alert(let id): return Ownership(try await platform.alerts.alert(id).project)
    case .notification(let id):
      return Ownership(try await platform.notifications.delivery(Identifier(id)).notification.project)
    }
  }

  private func experiment(of run: RunID) async throws -> ExperimentID {
    if let known = experiments.withLock({ $0[run] }) { return known }
    let id = try await platform.tracker.runInfo(run).experiment
    experiments.withLock { experiments in
      if experiments.count >= Self.mostRemembered { experiments.removeAll() }
      experiments[run] = id
    }
    return id
  }

  // MARK: Things at hand

  static func owner(of experiment: Experiment) -> Ownership {
    Ownership(experiment.tag(ProjectName.tag).map { ProjectName($0) }, .experiment, experiment.id.text)
  }

  static func owner(of model: RegisteredModel) -> Ownership {
    Ownership(model.tags[ProjectName.tag].map { ProjectName($0) }, .model, model.name.text)
  }

  /// Whether a project has this name.
  package func isProject(_ name: String) async throws -> Bool {
    do {
      _ = try await platform.projects.project(ProjectName(name))
      return true
    } catch let error as MartletError where error.code == .notFound {
      return false
    }
  }

  /// What the ledger or an alert names (`dataset:flight-delay/flights`) as a subject; the server for what belongs to no
  /// project.
  package static func subject(of object: String) -> Subject {
    let parts = object.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return .server }
    let name = parts[1]
    let first = String(name.prefix { $0 != "/" && $0 != "@" })
    switch parts[0] {
    case "project", "dataset", "data", "feature", "view": return .project(ProjectName(first))
    case "endpoint": return .endpoint(EndpointName(name))
    case "model": return .model(ModelName(String(name.prefix { $0 != "@" })))
    case "run": return .run(RunID(name))
    case "experiment": return .experiment(ExperimentID(name))
    case "pipeline", "pipeline-run": return .pipelineRun(PipelineRunID(name))
    case "alert": return .alert(AlertID(name))
    default: return .server
    }
  }
}
