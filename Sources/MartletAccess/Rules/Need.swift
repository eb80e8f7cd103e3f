package import MartletCore

/// What a route asks of its caller; every route declares one.
package struct Need: Sendable, Hashable {
  /// Where the permission is to be held, found in the route's own address.
  package enum Place: String, Sendable, Hashable {
    /// Whoever asks, also without an account.
    case open
    /// Whoever has an account.
    case signedIn = "signed in"
    /// In any project: a list, which then shows only what its reader may see.
    case somewhere
    /// For the whole server.
    case everywhere
    case project, endpoint, model, run, alert, notification
    case pipelineRun = "pipeline run"
    case loggedModel = "logged model"
    case experiment
    /// An experiment by its name, else by its id.
    case experimentNamed = "experiment by name"
  }

  /// Any one of these will do.
  package let permissions: [Permission]
  package let place: Place
  /// What MLflow's permission on the experiment or model has to be, where the place is one or lies in one.
  package let level: AccessLevel

  private init(_ permissions: [Permission], _ place: Place, _ level: AccessLevel) {
    self.permissions = permissions
    self.place = place
    self.level = level
  }

  package static let open = Need([], .open, .none)
  package static let signedIn = Need([], .signedIn, .none)

  package static func to(_ permissions: Permission..., on place: Place) -> Need {
    let isReading = permissions.allSatisfy { $0 == .read || $0 == .overview }
    return Need(permissions, place, isReading ? .read : .edit)
  }

  package static func reading(_ place: Place) -> Need { .to(.read, on: place) }

  /// In words: `read · project`.
  package var words: String {
    permissions.isEmpty
      ? place.rawValue : permissions.map(\.rawValue).joined(separator: " or ") + " · " + place.rawValue
  }

  /// The thing that a request names, from the parameters of its path; nil where the place is not one thing.
  package func subject(_ parameter: (String) -> String?) -> Subject? {
    func text(_ names: String...) -> String {
      for name in names { if let value = parameter(name) { return value } }
      return ""
    }
    return switch place {
    case .open, .signedIn, .somewhere: nil
    case .everywhere: .server
    case .project: .project(ProjectName(text("project")))
    case .endpoint: .endpoint(EndpointName(text("endpoint", "name")))
    case .model: .model(ModelName(text("model", "name")))
    case .run: .run(RunID(text("run", "id")))
    case .alert: .alert(AlertID(text("alert", "id")))
    case .notification: .notification(text("notification", "id"))
    case .loggedModel: .loggedModel(text("id"))
    case .pipelineRun: .pipelineRun(PipelineRunID(text("run", "id")))
    case .experiment: .experiment(ExperimentID(text("experiment", "id")))
    case .experimentNamed: .experimentNamed(text("experiment"))
    }
  }
}

/// A thing of the loop that somebody wants to see or change.
package enum Subject: Sendable, Hashable {
  /// The server as a whole.
  case server
  case project(ProjectName)
  case experiment(ExperimentID)
  case experimentNamed(String)
  case run(RunID)
  case loggedModel(String)
  case model(ModelName)
  case endpoint(EndpointName)
  case pipelineRun(PipelineRunID)
  case alert(AlertID)
  case notification(String)

  /// Whether MLflow's permissions can take it away from those who see everything else.
  var isDeniable: Bool {
    switch self {
    case .experiment("0"): false
    case .experiment, .experimentNamed, .run, .loggedModel, .model: true
    default: false
    }
  }

  /// Any one of these permissions shows its holder that the thing is there; nil where a refusal tells nothing: every server
  /// has MLflow's default experiment, and projects are refused alike whether they are there or not.
  var seeing: [Permission]? {
    switch self {
    case .server, .project, .experiment("0"): nil
    case .model, .endpoint: [.overview, .read]
    case .experiment, .experimentNamed, .run, .loggedModel, .pipelineRun, .alert, .notification: [.read]
    }
  }
}

/// What decides about a thing: the project it belongs to, and the experiment or model that MLflow's permissions name.
package struct Ownership: Sendable, Hashable {
  package var project: ProjectName?
  package var kind: ResourceKind?
  package var id: String?

  package init(_ project: ProjectName? = nil, _ kind: ResourceKind? = nil, _ id: String? = nil) {
    self.project = project
    self.kind = kind
    self.id = id
  }
}
