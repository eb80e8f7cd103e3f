package import MartletCore

extension Caller {
  /// What of a kind the caller may see: of all things what `AccessControl.shows` says of one.
  package func visibility(of kind: ResourceKind, _ permission: Permission = .read) -> Visibility {
    if isLocal { return .everything }
    let denied = isBoundByDenials ? resources.filter { $0.kind == kind && $0.level == .deny }.map(\.pattern) : []
    if denied.contains("*") { return .nothing }
    var visibility = Visibility(isWide: mayEverywhere(permission))
    visibility.hidden = Set(denied)
    visibility.projects = projects.filter { may(permission, in: $0) }
    addReadable(of: kind, to: &visibility)
    return visibility.isWide && visibility.hidden.isEmpty ? .everything : visibility
  }

  /// What MLflow's permissions show beside the job roles.
  private func addReadable(of kind: ResourceKind, to visibility: inout Visibility) {
    let carried = readable.filter { $0.kind == kind }
    let makes = grants.filter { $0.role.permissions.contains(kind.making) }
    let areAllOwnSeen = makes.contains { $0.project == nil }
    let named = carried.filter { !$0.isMakers || areAllOwnSeen }.map(\.pattern)
    visibility.isWide = visibility.isWide || named.contains("*")
    visibility.named = Set(named)
    visibility.ownProjects = Set(makes.compactMap(\.project))
    if !areAllOwnSeen { visibility.own = Set(carried.filter(\.isMakers).map(\.pattern)) }
  }

  /// MLflow's permissions that let the caller read something, for all that is known without the thing's project.
  private var readable: [ResourceGrant] {
    guard limits.project == nil else { return [] }
    return resources.filter { $0.level != .deny && limited($0.level) >= .read && holds($0, in: nil) }
  }

  /// Whether MLflow's permissions let the caller read anything: then lists are open, too.
  var readsSomething: Bool { !readable.isEmpty }

  /// The projects in which the caller may do this; nil: in all, and to what belongs to none.
  package func projects(for permission: Permission) -> Set<ProjectName>? {
    isLocal || mayEverywhere(permission) ? nil : projects.filter { may(permission, in: $0) }
  }

  private var projects: Set<ProjectName> { Set(grants.compactMap(\.project) + [limits.project].compactMap(\.self)) }
}
