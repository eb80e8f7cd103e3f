package import MartletCore

/// Who asks, and what they may do.
package struct Caller: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    /// The one person of a server without authentication, who may do everything.
    case local
    /// Nobody was named on a server with authentication.
    case anonymous
    case user(Int64)
    /// A step of a pipeline run, with the project's rights.
    case job
  }

  /// What a token narrows its owner's rights to.
  package struct Limits: Sendable, Hashable {
    /// Nil: all that the owner may do.
    package var permissions: Set<Permission>?
    package var project: ProjectName?

    package init(permissions: Set<Permission>? = nil, project: ProjectName? = nil) {
      self.permissions = permissions
      self.project = project
    }
  }

  package var kind: Kind
  package var name: String
  package var grants: [Grant]
  /// From MLflow's roles and permissions.
  package var resources: [ResourceGrant]
  package var limits: Limits
  /// Nil for those who did not come with a token.
  package var token: String?

  package init(
    _ kind: Kind, name: String, grants: [Grant] = [], resources: [ResourceGrant] = [], limits: Limits = Limits(),
    token: String? = nil
  ) {
    self.kind = kind
    self.name = name
    self.grants = grants
    self.resources = resources
    self.limits = limits
    self.token = token
  }

  package static func local(_ name: String = "local") -> Caller { Caller(.local, name: name) }
  package static let anonymous = Caller(.anonymous, name: "anonymous")

  package var userID: Int64? { if case .user(let id) = kind { id } else { nil } }
  package var isLocal: Bool { kind == .local }
  package var isAnonymous: Bool { kind == .anonymous }
  package var isAdmin: Bool { grants.contains(Grant(.admin)) }

  // MARK: Rules

  /// Whether the caller may do this to what belongs to a project; nil is what belongs to none.
  package func may(_ permission: Permission, in project: ProjectName?) -> Bool {
    role(for: permission, in: project) != nil || isLocal
  }

  /// Whether the caller may do this in at least one project.
  package func maySomewhere(_ permission: Permission) -> Bool {
    isLocal
      || isWithinLimits(permission)
        && grants.contains { grant in
          grant.role.permissions.contains(permission)
            && (limits.project == nil || grant.project == nil || grant.project == limits.project)
        }
  }

  /// Whether the caller may do this everywhere, whatever a thing belongs to.
  package func mayEverywhere(_ permission: Permission) -> Bool { may(permission, in: nil) }

  /// The role that allows it; nil where none does.
  package func role(for permission: Permission, in project: ProjectName?) -> JobRole? {
    guard isWithinLimits(permission), limits.project == nil || limits.project == project else { return nil }
    return grants.first {
      $0.role.permissions.contains(permission) && ($0.project == nil || $0.project == project)
    }?.role
  }

  private func isWithinLimits(_ permission: Permission) -> Bool { limits.permissions?.contains(permission) ?? true }

  /// What MLflow's permissions give on one thing: the highest level, unless one of them denies; nil where none says
  /// anything. A token for one project, or for certain permissions, does not carry them.
  package func level(on owner: Ownership) -> AccessLevel? {
    guard let kind = owner.kind, let id = owner.id else { return nil }
    let found = resources.filter { $0.covers(kind, id) && holds($0, in: owner.project) }.map(\.level)
    if found.contains(.deny), isBoundByDenials { return .deny }
    guard limits.project == nil else { return nil }
    return found.filter { $0 != .deny }.max().map(limited)
  }

  /// Whether a permission still counts: a maker's does as long as a role lets its holder make such things where the thing
  /// belongs; where it belongs to no project, in any.
  func holds(_ permission: ResourceGrant, in project: ProjectName?) -> Bool {
    guard permission.isMakers else { return true }
    return grants.contains { grant in
      grant.role.permissions.contains(permission.kind.making)
        && (grant.project == nil || project == nil || grant.project == project)
    }
  }

  /// What a token leaves of a level.
  func limited(_ level: AccessLevel) -> AccessLevel {
    limits.permissions.map { min(level, Self.highest(within: $0)) } ?? level
  }

  /// Nobody shuts out those who manage users and those who look over everything.
  package var isBoundByDenials: Bool { !mayEverywhere(.users) && !mayEverywhere(.policies) }

  /// Whether anything at all is denied to them.
  package var hasDenials: Bool { isBoundByDenials && resources.contains { $0.level == .deny } }

  private static func highest(within permissions: Set<Permission>) -> AccessLevel {
    if permissions.contains(.log) || permissions.contains(.register) { return .edit }
    return permissions.contains(.read) ? .read : .none
  }

  // MARK: The ledger

  /// As the ledger names the caller: with all roles, or with the one that allowed the act.
  package func author(as role: JobRole? = nil, requestID: String? = nil) -> Author {
    Author(name: name, role: role?.rawValue ?? roleText, requestID: requestID)
  }

  private var roleText: String {
    switch kind {
    case .local, .anonymous: return "unauthenticated"
    case .job: return "pipeline step"
    case .user:
      let roles = Set(grants.map(\.role))
      let names = JobRole.allCases.filter(roles.contains).map(\.rawValue)
      return names.isEmpty ? "no role" : names.joined(separator: ", ")
    }
  }
}
