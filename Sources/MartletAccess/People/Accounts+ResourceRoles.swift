package import MartletCore
import MartletLedger
package import MartletStore

/// MLflow's roles and permissions (mlflow/server/auth): over single experiments and models, beside the job roles.
extension Accounts {
  /// The job roles, then those that people made.
  package func resourceRoles() async throws -> [ResourceRole] {
    ResourceRole.jobRoles + (try await database.read { try ResourceRoleStore.all(in: $0) })
  }

  package func resourceRole(_ id: Int64) async throws -> ResourceRole {
    try await database.read { try ResourceRole.demand(id, in: $0) }
  }

  package func createResourceRole(_ name: String, description: String?, by author: Author) async throws -> ResourceRole
  {
    try Self.checkRoleName(name)
    return try await change(by: author) { connection, now in
      guard let id = try ResourceRoleStore.insert(name, description: description, in: connection) else {
        throw MartletError(.alreadyExists, "Role with name=\(name) already exists in workspace default")
      }
      try Self.record("role.created", role: name, by: author, at: now, in: connection)
      return try ResourceRole.demand(id, in: connection)
    }
  }

  package func updateResourceRole(_ id: Int64, name: String?, description: String?, by author: Author) async throws
    -> ResourceRole
  {
    if let name { try Self.checkRoleName(name) }
    return try await change(by: author) { connection, now in
      let role = try Self.changeable(id, in: connection)
      let renamed = try ResourceRoleStore.update(
        id, name: name ?? role.name, description: description ?? role.description, in: connection)
      guard renamed else {
        throw MartletError(.alreadyExists, "Role with name=\(name ?? "") already exists in workspace default")
      }
      try Self.record(
        "role.changed", role: role.name, after: ["name": .string(name ?? role.name)], by: author, at: now,
        in: connection)
      return try ResourceRole.demand(id, in: connection)
    }
  }

  package func deleteResourceRole(_ id: Int64, by author: Author) async throws {
    try await change(by: author) { connection, now in
      let role = try Self.changeable(id, in: connection)
      try ResourceRoleStore.delete(id, in: connection)
      try Self.record("role.deleted", role: role.name, by: author, at: now, in: connection)
    }
  }

  // MARK: Permissions of roles

  package func addPermission(_ grant: ResourceGrant, to role: Int64, by author: Author) async throws -> RolePermission {
    try await change(by: author) { connection, now in
      let kept = try Self.changeable(role, in: connection)
      guard !kept.permissions.contains(where: { $0.grant.kind == grant.kind && $0.grant.pattern == grant.pattern })
      else {
        throw MartletError(.alreadyExists, "The role \(kept.name) has a permission on this already")
      }
      guard let added = try ResourceRoleStore.put(grant, in: role, in: connection) else {
        throw MartletError(.internalError, "a permission could not be kept")
      }
      try Self.record("role.permission.added", role: kept.name, after: grant.json, by: author, at: now, in: connection)
      return added
    }
  }

  package func removePermission(_ id: Int64, by author: Author) async throws {
    try await change(by: author) { connection, now in
      let (permission, role) = try Self.permission(id, in: connection)
      try ResourceRoleStore.deletePermission(id, in: connection)
      try Self.record(
        "role.permission.removed", role: role.name, before: permission.grant.json, by: author, at: now, in: connection)
    }
  }

  package func setLevel(_ level: AccessLevel, ofPermission id: Int64, by author: Author) async throws -> RolePermission
  {
    try await change(by: author) { connection, now in
      var (permission, role) = try Self.permission(id, in: connection)
      let before = permission.grant.json
      permission.grant.level = level
      permission.grant.isMakers = false
      try ResourceRoleStore.setLevel(level, of: id, in: connection)
      try Self.record(
        "role.permission.changed", role: role.name, before: before, after: permission.grant.json, by: author, at: now,
        in: connection)
      return permission
    }
  }

  // MARK: Who has them

  /// Gives a role of MLflow's kind; a job role is given everywhere.
  package func assign(_ role: Int64, to name: String, by author: Author) async throws -> RoleAssignment {
    if let job = ResourceRole.jobRole(role) {
      let user = try await grant(Grant(job), to: name, by: author)
      return RoleAssignment(id: user.id * 10 + role, user: user.id, role: role)
    }
    return try await change(by: author) { connection, now in
      let user = try UserStore.demand(name, in: connection)
      let kept = try Self.changeable(role, in: connection)
      guard let assignment = try ResourceRoleStore.assign(role, to: user.id, in: connection) else {
        throw MartletError(.internalError, "a role could not be given")
      }
      try Self.record("role.assigned", name, after: ["role": .string(kept.name)], by: author, at: now, in: connection)
      return assignment
    }
  }

  package func unassign(_ role: Int64, from name: String, by author: Author) async throws {
    if let job = ResourceRole.jobRole(role) {
      _ = try await revoke(Grant(job), from: name, by: author)
      return
    }
    try await change(by: author) { connection, now in
      let user = try UserStore.demand(name, in: connection)
      let kept = try Self.changeable(role, in: connection)
      guard try ResourceRoleStore.unassign(role, from: user.id, in: connection) else {
        throw MartletError.notFound("User \(name) does not have the role \(kept.name)")
      }
      try Self.record(
        "role.unassigned", name, before: ["role": .string(kept.name)], by: author, at: now, in: connection)
    }
  }

  /// The job roles that a user has anywhere, and MLflow's.
  package func resourceRoles(of name: String) async throws -> [ResourceRole] {
    try await database.read { connection in
      let user = try UserStore.demand(name, in: connection)
      let held = Set(user.grants.filter { $0.project == nil }.map(\.role))
      let jobs = JobRole.allCases.filter(held.contains).map { ResourceRole($0) }
      return jobs + (try ResourceRoleStore.roles(of: user.id, in: connection))
    }
  }

  package func assignments(of role: Int64) async throws -> [RoleAssignment] {
    try await database.read { connection in
      if let job = ResourceRole.jobRole(role) {
        return try UserStore.users(with: job, in: connection).map {
          RoleAssignment(id: $0 * 10 + role, user: $0, role: role)
        }
      }
      _ = try ResourceRole.demand(role, in: connection)
      return try ResourceRoleStore.assignments(of: role, in: connection)
    }
  }

  // MARK: A user's own permissions

  package func grantPermission(_ grant: ResourceGrant, to name: String, by author: Author) async throws {
    try await change(by: author) { connection, now in
      let user = try UserStore.demand(name, in: connection)
      try Self.give(grant, to: user, by: author, at: now, in: connection)
    }
  }

  /// Gives whoever creates something MANAGE on it, in the transaction that creates it, for as long as their roles let them
  /// create such things there; nothing is written for those who are no users. Afterwards `created` is to be called.
  package static func creation(
    _ kind: ResourceKind, by caller: Caller, author: Author
  ) -> @Sendable (any SQLConnection, String, Timestamp) throws -> Void {
    { connection, id, now in
      guard let userID = caller.userID, let user = try UserStore.find(userID, in: connection) else { return }
      try give(.makers(kind, id), to: user, by: author, at: now, in: connection)
    }
  }

  private static func give(
    _ grant: ResourceGrant, to user: User, by author: Author, at now: Timestamp, in connection: any SQLConnection
  ) throws {
    let role = try ResourceRoleStore.own(of: user.id, in: connection)
    _ = try ResourceRoleStore.put(grant, in: role, in: connection)
    try record("permission.granted", user.name, after: grant.json, by: author, at: now, in: connection)
  }

  package func revokePermission(_ kind: ResourceKind, _ id: String, from name: String, by author: Author) async throws {
    try await change(by: author) { connection, now in
      let user = try UserStore.demand(name, in: connection)
      let role = try ResourceRoleStore.own(of: user.id, in: connection)
      guard try ResourceRoleStore.remove(kind, id, from: role, in: connection) else {
        throw MartletError.notFound("User \(name) has no permission of its own on \(kind.rawValue) \(id.prefix(200))")
      }
      try Self.record(
        "permission.revoked", name, before: ["kind": .string(kind.rawValue), "id": .string(id)], by: author, at: now,
        in: connection)
    }
  }

  /// What is deleted leaves no permissions behind for the next of its name; in the transaction that deletes it.
  package static func forget(_ kind: ResourceKind, _ id: String, in connection: any SQLConnection) throws {
    try ResourceRoleStore.forget(kind, id, in: connection)
  }

  /// Whether a thing is somebody's: they made it, or were given a permission of their own on it.
  package static func isHeld(_ kind: ResourceKind, _ id: String, in connection: any SQLConnection) throws -> Bool {
    try ResourceRoleStore.isHeld(kind, id, in: connection)
  }

  /// Permissions follow what is renamed; in the transaction that renames it.
  package static func rename(
    _ kind: ResourceKind, _ id: String, to other: String, in connection: any SQLConnection
  ) throws {
    try ResourceRoleStore.rename(kind, id, to: other, in: connection)
  }

  /// To be called after the transaction of `creation`.
  package func created(_ kind: ResourceKind, _ id: String, by caller: Caller) {
    if let user = caller.userID { cache.give(.makers(kind, id), to: user) }
  }

  /// To be called after a transaction that changed permissions beside something else.
  package func callersChanged() { cache.clear() }

  /// A user as the rules see it, for questions about what it may do.
  package func caller(named name: String) async throws -> Caller {
    try await database.read { connection in
      let user = try UserStore.demand(name, in: connection)
      return try Self.caller(user.id, in: connection) ?? Caller(.user(user.id), name: name)
    }
  }

  // MARK: Shared

  private static func checkRoleName(_ name: String) throws {
    guard (1...100).contains(name.count), name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }),
      name.contains(where: { !$0.isWhitespace })
    else { throw MartletError.invalidInput("Role name cannot be empty, or longer than 100 characters.") }
    guard JobRole(rawValue: name) == nil, !name.hasPrefix("__user_") else {
      throw MartletError(.alreadyExists, "Role with name=\(name) already exists in workspace default")
    }
  }

  private static func changeable(_ id: Int64, in connection: any SQLConnection) throws -> ResourceRole {
    let role = try ResourceRole.demand(id, in: connection)
    guard ResourceRole.jobRole(id) == nil, !role.name.hasPrefix("__user_") else {
      throw MartletError.invalidInput(
        "The role \(role.name) is built in and cannot be changed", fix: "create another one beside it")
    }
    return role
  }

  private static func permission(_ id: Int64, in connection: any SQLConnection) throws -> (RolePermission, ResourceRole)
  {
    guard let permission = try ResourceRoleStore.permission(id, in: connection) else {
      throw MartletError.notFound("Role permission with id=\(id) not found")
    }
    return (permission, try ResourceRole.demand(permission.role, in: connection))
  }

  private static func record(
    _ action: String, role: String, before: JSON? = nil, after: JSON? = nil, by author: Author, at now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    try Ledger.append(
      LedgerEntry(action: action, object: "role:\(role)", before: before, after: after), by: author, at: now,
      in: connection)
  }
}

extension ResourceGrant {
  var json: JSON {
    ["kind": .string(kind.rawValue), "id": .string(pattern), "permission": .string(level.rawValue)]
  }
}
