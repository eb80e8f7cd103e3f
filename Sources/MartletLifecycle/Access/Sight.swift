package import MartletAccess
package import MartletCore
package import MartletLedger

/// What one caller sees of lists that hold things of every project.
package struct Sight: Sendable {
  package let caller: Caller
  private let ownerships: Ownerships

  package init(_ caller: Caller, _ ownerships: Ownerships) {
    self.caller = caller
    self.ownerships = ownerships
  }

  package var isWhole: Bool { AccessControl.showsAll(to: caller) }

  package func shows(_ project: ProjectName, _ permission: Permission = .read) -> Bool {
    caller.may(permission, in: project)
  }

  /// The projects of which the caller may see what is theirs; nil: all.
  package func projects(_ permission: Permission = .read) -> Set<ProjectName>? { caller.projects(for: permission) }

  /// What a search for experiments or models may find.
  package func visibility(of kind: ResourceKind, _ permission: Permission = .read) -> Visibility {
    caller.visibility(of: kind, permission)
  }

  /// Entries about things that the caller may read; those about the server itself are for those who read everywhere.
  package func entries(_ found: [LedgerRecord]) async throws -> [LedgerRecord] {
    if isWhole { return found }
    var known: [String: Bool] = [:]
    var shown: [LedgerRecord] = []
    for record in found {
      let object = record.entry.object
      let isShown: Bool
      if let answer = known[object] {
        isShown = answer
      } else {
        isShown = AccessControl.shows(try await ownerships.owner(of: Ownerships.subject(of: object)), to: caller)
        known[object] = isShown
      }
      if isShown { shown.append(record) }
    }
    return shown
  }

  /// Whether the caller may read a thing that is named.
  package func shows(_ subject: Subject) async throws -> Bool {
    if isWhole { return true }
    return AccessControl.shows(try await ownerships.owner(of: subject), to: caller)
  }

  /// - Throws: `.notFound` when the caller may not read a thing that is named.
  package func demand(_ subject: Subject) async throws {
    try await ownerships.control.demand([.read], .read, of: caller, on: subject)
  }
}
