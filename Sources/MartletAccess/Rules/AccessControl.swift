package import MartletCore

/// The one place that decides whether somebody may do something.
///
/// A job role allows what its row of the table says, in its project or everywhere. A permission of MLflow's kind adds to
/// that on one experiment or model, and DENY takes away what anything else gives. What somebody may not even see is not
/// there for them: whether it exists makes no difference to the answer.
package struct AccessControl: Sendable {
  /// Finds what a thing belongs to; for things that are not there, nothing.
  package typealias Owners = @Sendable (Subject) async throws -> Ownership

  package let accounts: Accounts
  private let owners: Owners

  package init(accounts: Accounts, owners: @escaping Owners) {
    self.accounts = accounts
    self.owners = owners
  }

  /// Lets the caller pass, or throws `.unauthenticated`, `.permissionDenied`, or `.notFound` for what they may not see.
  ///
  /// - Parameter subject: what is to be touched, where the need is about one thing.
  /// - Returns: the caller as the ledger names it for this act.
  @discardableResult
  package func demand(_ need: Need, of caller: Caller, on subject: Subject? = nil, requestID: String? = nil)
    async throws -> Author
  {
    if caller.isLocal || need.place == .open { return caller.author(requestID: requestID) }
    if caller.isAnonymous { throw Refusal.unauthenticated }
    switch need.place {
    case .open, .signedIn: return caller.author(requestID: requestID)
    case .somewhere:
      guard need.permissions.contains(where: caller.maySomewhere) || lists(caller, need) else {
        throw Refusal.denied(caller, need.permissions, "in any project")
      }
      return caller.author(requestID: requestID)
    default:
      return try await demand(
        need.permissions, need.level, of: caller, on: subject ?? .server, requestID: requestID)
    }
  }

  /// The same for a need that is known by its parts.
  ///
  /// - Parameters:
  ///   - permissions: any one of these, held where the subject belongs.
  ///   - level: or this much of MLflow's permission on the experiment or model.
  @discardableResult
  package func demand(
    _ permissions: [Permission], _ level: AccessLevel, of caller: Caller, on subject: Subject,
    requestID: String? = nil
  ) async throws -> Author {
    if caller.isLocal { return caller.author(requestID: requestID) }
    if caller.isAnonymous { throw Refusal.unauthenticated }
    if caller.resources.isEmpty, let role = role(permissions, caller, nil) {
      return caller.author(as: role, requestID: requestID)
    }
    let owner = try await owners(subject)
    // For whoever is denied something, what is not there ends here as well: no handler says it in other words.
    if owner.kind == nil, subject.isDeniable, caller.hasDenials { throw Refusal.hidden(subject) }
    switch caller.level(on: owner) {
    case .deny?: throw Refusal.hidden(subject)
    case let held? where held >= level: return caller.author(requestID: requestID)
    default: break
    }
    guard let role = role(permissions, caller, owner.project) else {
      if let seeing = subject.seeing, !seeing.contains(where: { Self.shows(owner, to: caller, $0) }) {
        throw Refusal.hidden(subject)
      }
      guard let project = owner.project else { throw Refusal.denied(caller, permissions, "here") }
      throw Refusal.denied(caller, permissions, in: project)
    }
    return caller.author(as: role, requestID: requestID)
  }

  /// Whether the caller may, without an error about it.
  package func allows(_ permissions: [Permission], _ level: AccessLevel, _ caller: Caller, on subject: Subject)
    async throws -> Bool
  {
    do {
      try await demand(permissions, level, of: caller, on: subject)
      return true
    } catch let error as MartletError where [.permissionDenied, .unauthenticated, .notFound].contains(error.code) {
      return false
    }
  }

  /// Whether the caller may see a thing whose owner is known already.
  package static func shows(_ owner: Ownership, to caller: Caller, _ permission: Permission = .read) -> Bool {
    if caller.isLocal { return true }
    switch caller.level(on: owner) {
    case .deny?: return false
    case let held? where held >= .read: return true
    default: return caller.may(permission, in: owner.project)
    }
  }

  /// Whether nothing is hidden from the caller: lists need no looking through.
  package static func showsAll(to caller: Caller, _ permission: Permission = .read) -> Bool {
    caller.isLocal
      || caller.mayEverywhere(permission) && !caller.hasDenials
  }

  /// MLflow's level on one thing, as its permissions and the job roles together give it.
  package func effectiveLevel(_ kind: ResourceKind, _ id: String, of caller: Caller) async throws -> AccessLevel {
    let subject: Subject = kind == .experiment ? .experiment(ExperimentID(id)) : .model(ModelName(id))
    let project = try await owners(subject).project
    let own = caller.level(on: Ownership(project, kind, id))
    if own == .deny { return .deny }
    let fromRole: AccessLevel =
      caller.may(.gates, in: project)
      ? .manage : caller.may(kind.making, in: project) ? .edit : caller.may(.read, in: project) ? .read : .none
    return max(own ?? .none, fromRole)
  }

  private func role(_ permissions: [Permission], _ caller: Caller, _ project: ProjectName?) -> JobRole? {
    permissions.lazy.compactMap { caller.role(for: $0, in: project) }.first
  }

  /// MLflow's permissions on single things let their holder use the lists as well.
  private func lists(_ caller: Caller, _ need: Need) -> Bool {
    (need.permissions.contains(.read) || need.permissions.contains(.overview)) && caller.readsSomething
  }
}
