import HTTPTypes
import Hummingbird
import MartletAccess
import MartletCore

/// Who asks on MLflow's wire, and what they may do.
struct WireGate: Sendable {
  let caller: Caller
  let control: AccessControl
  /// Whether a project has a name.
  let isProject: @Sendable (String) async throws -> Bool
  let requestID: String

  /// The caller as the ledger names it when no single thing decides.
  var author: Author { caller.author(requestID: requestID) }

  /// Lets the caller pass, or throws; returns the caller as the ledger names it for this act.
  @discardableResult
  func demand(_ act: WireNeed.Act, _ subject: Subject) async throws -> Author {
    try await control.demand(
      act.permissions(on: subject), act.level, of: caller, on: subject, requestID: requestID)
  }

  func allows(_ act: WireNeed.Act, _ subject: Subject) async throws -> Bool {
    try await control.allows(act.permissions(on: subject), act.level, caller, on: subject)
  }

  /// The project that a new experiment or model is to belong to, beside its maker: the one that is asked for, or the only
  /// one in which the maker works.
  ///
  /// - Parameter name: an experiment with a project's name is the project's own, so that only its people may make it.
  func owner(ofNew name: String?, tagged: String?, _ permission: Permission) async throws -> String? {
    if let name, try await isProject(name) {
      try await demandProject(named: name, permission)
      guard tagged == nil || tagged == name else { throw Self.reserved(name) }
      return tagged == nil ? name : nil
    }
    if caller.isLocal { return nil }
    if let tagged {
      try await control.demand([permission], .manage, of: caller, on: .project(ProjectName(tagged)))
      return nil
    }
    if let only = caller.limits.project {
      try await control.demand([permission], .manage, of: caller, on: .project(only))
      return only.text
    }
    guard !caller.mayEverywhere(permission) else { return nil }
    let projects = Set(caller.grants.filter { $0.role.permissions.contains(permission) }.compactMap(\.project))
    return projects.count == 1 ? projects.first?.text : nil
  }

  private static func reserved(_ name: String) -> MartletError {
    .invalidInput(
      "the experiment '\(name.prefix(64))' is that of the project of this name, and belongs to no other",
      fix: "leave the tag \(ProjectName.tag) out, or choose another name")
  }

  /// A name that is a project's is for those who may do this in the project.
  func demandProject(named name: String, _ permission: Permission) async throws {
    if caller.isLocal { return }
    guard try await isProject(name) else { return }
    try await control.demand([permission], .manage, of: caller, on: .project(ProjectName(name)))
  }

  /// The tag that says which project something belongs to is changed by those who manage it, and towards projects in
  /// which they work.
  func demandOwnerChange(_ key: String, to project: String?, _ subject: Subject, _ permission: Permission) async throws
  {
    guard key == ProjectName.tag, !caller.isLocal else { return }
    try await demand(.manage, subject)
    guard let project else { return }
    try await control.demand([permission], .manage, of: caller, on: .project(ProjectName(project)))
  }
}

/// What an MLflow endpoint asks of its caller; each declares one.
struct WireNeed: Sendable {
  /// What is done, by MLflow's own levels.
  enum Act: Sendable {
    case read, edit
    /// To take away something inside an experiment or model.
    case delete
    /// To delete, bring back or hand on the whole experiment or model.
    case manage

    var level: AccessLevel {
      switch self {
      case .read: .read
      case .edit: .edit
      case .delete, .manage: .manage
      }
    }

    /// Any of these permissions of a job role will do as well.
    func permissions(on subject: Subject) -> [Permission] {
      let isModel = if case .model = subject { true } else { false }
      return switch self {
      case .read: [.read]
      case .edit, .delete: isModel ? [.register] : [.log]
      case .manage: [.gates]
      }
    }
  }

  /// Where the request names the thing.
  enum Target: Sendable {
    /// The field `experiment_id`, `run_id` or `name`, or `model_id` in the path.
    case experiment, run, model, loggedModel

    func subject(_ fields: WireFields, _ path: [String: String]) throws -> Subject {
      switch self {
      case .experiment: .experiment(ExperimentID(try fields.required("experiment_id")))
      case .run: .run(try fields.runID())
      case .model: .model(try fields.modelName())
      case .loggedModel: .loggedModel(path["model_id"] ?? "")
      }
    }
  }

  enum Kind: Sendable {
    case open, signedIn
    case somewhere([Permission])
    case everywhere(Permission)
    case on(Act, Target)
  }

  let kind: Kind

  /// Whoever asks, also without an account.
  static let open = WireNeed(kind: .open)
  /// Whoever has an account: what the caller may not see is left out of the answer.
  static let signedIn = WireNeed(kind: .signedIn)
  /// The handler demands what is needed once it knows which thing is meant.
  static let inside = WireNeed(kind: .signedIn)
  /// Held in any project.
  static func somewhere(_ permissions: Permission...) -> WireNeed { WireNeed(kind: .somewhere(permissions)) }
  static func to(_ act: Act, _ target: Target) -> WireNeed { WireNeed(kind: .on(act, target)) }
  /// For whoever says what the server does by itself.
  static let policies = WireNeed(kind: .everywhere(.policies))
  /// For whoever manages users.
  static let administrator = WireNeed(kind: .everywhere(.users))

  /// What can be said before the request is read.
  func check(_ gate: WireGate) throws {
    switch kind {
    case .open: return
    case .signedIn, .on: if gate.caller.isAnonymous { throw Refusal.unauthenticated }
    case .somewhere(let permissions):
      if gate.caller.isAnonymous { throw Refusal.unauthenticated }
      guard permissions.contains(where: gate.caller.maySomewhere) else {
        throw Refusal.denied(gate.caller, permissions, "in any project")
      }
    case .everywhere(let permission):
      if gate.caller.isAnonymous { throw Refusal.unauthenticated }
      guard gate.caller.mayEverywhere(permission) else {
        throw Refusal.denied(gate.caller, [permission], "everywhere")
      }
    }
  }
}
