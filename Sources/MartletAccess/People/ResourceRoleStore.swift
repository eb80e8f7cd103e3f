import MartletCore
import MartletStore

/// The SQL of MLflow's roles, their permissions and who has them.
enum ResourceRoleStore {
  private static let first = ResourceRole.firstKept

  /// Nil when the name is taken.
  static func insert(
    _ name: String, description: String?, owner: Int64? = nil, in connection: any SQLConnection
  ) throws -> Int64? {
    try connection.first(
      """
      INSERT INTO access_roles (name, description, owner) VALUES (?, ?, ?)
      ON CONFLICT (name) DO NOTHING RETURNING id
      """, [.text(name), SQLValue(description), SQLValue(owner)]
    ) { try $0.integer(0) + first }
  }

  static func get(_ id: Int64, in connection: any SQLConnection) throws -> ResourceRole? {
    try roles("WHERE id = ?", [.integer(id &- first)], in: connection).first
  }

  /// All that people made, by name.
  static func all(in connection: any SQLConnection) throws -> [ResourceRole] {
    try roles("WHERE owner IS NULL ORDER BY name", [], in: connection)
  }

  static func update(_ id: Int64, name: String, description: String?, in connection: any SQLConnection) throws -> Bool {
    let taken = try connection.first(
      "SELECT 1 FROM access_roles WHERE name = ? AND id <> ?", [.text(name), .integer(id &- first)]
    ) { _ in true }
    guard taken == nil else { return false }
    try connection.execute(
      "UPDATE access_roles SET name = ?, description = ? WHERE id = ?",
      [.text(name), SQLValue(description), .integer(id &- first)])
    return true
  }

  static func delete(_ id: Int64, in connection: any SQLConnection) throws {
    try connection.execute("DELETE FROM access_role_permissions WHERE role = ?", [.integer(id &- first)])
    try connection.execute("DELETE FROM access_role_users WHERE role = ?", [.integer(id &- first)])
    try connection.execute("DELETE FROM access_roles WHERE id = ?", [.integer(id &- first)])
  }

  /// The role that holds a user's own permissions; made when there is none.
  static func own(of user: Int64, in connection: any SQLConnection) throws -> Int64 {
    let known = try connection.first("SELECT id FROM access_roles WHERE owner = ?", [.integer(user)]) {
      try $0.integer(0) + first
    }
    if let known { return known }
    guard let id = try insert("__user_\(user)__", description: nil, owner: user, in: connection) else {
      throw MartletError(.conflict, "the name of the user's own role is taken")
    }
    _ = try assign(id, to: user, in: connection)
    return id
  }

  // MARK: Permissions

  /// Adds a permission, or changes the level of the one on the same thing.
  static func put(_ grant: ResourceGrant, in role: Int64, in connection: any SQLConnection) throws -> RolePermission? {
    let kept = try connection.first(
      """
      INSERT INTO access_role_permissions (role, resource_type, resource_pattern, permission, by_making)
      VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (role, resource_type, resource_pattern)
      DO UPDATE SET permission = excluded.permission, by_making = excluded.by_making
      RETURNING id, role, resource_type, resource_pattern, permission, by_making
      """,
      [
        .integer(role &- first), .text(grant.kind.rawValue), .text(grant.pattern), .text(grant.level.rawValue),
        SQLValue(grant.isMakers),
      ], readPermission)
    return kept ?? nil
  }

  static func permission(_ id: Int64, in connection: any SQLConnection) throws -> RolePermission? {
    try connection.first("\(selectPermission) WHERE id = ?", [.integer(id &- first)], readPermission) ?? nil
  }

  /// What is given in so many words is no longer its maker's.
  static func setLevel(_ level: AccessLevel, of id: Int64, in connection: any SQLConnection) throws {
    try connection.execute(
      "UPDATE access_role_permissions SET permission = ?, by_making = 0 WHERE id = ?",
      [.text(level.rawValue), .integer(id &- first)])
  }

  static func deletePermission(_ id: Int64, in connection: any SQLConnection) throws {
    try connection.execute("DELETE FROM access_role_permissions WHERE id = ?", [.integer(id &- first)])
  }

  /// False when there was none.
  static func remove(_ kind: ResourceKind, _ pattern: String, from role: Int64, in connection: any SQLConnection) throws
    -> Bool
  {
    try connection.execute(
      "DELETE FROM access_role_permissions WHERE role = ? AND resource_type = ? AND resource_pattern = ?",
      [.integer(role &- first), .text(kind.rawValue), .text(pattern)]) > 0
  }

  /// Forgets every permission on one thing: what comes later under the same name starts anew.
  static func forget(_ kind: ResourceKind, _ id: String, in connection: any SQLConnection) throws {
    try connection.execute(
      "DELETE FROM access_role_permissions WHERE resource_type = ? AND resource_pattern = ?",
      [.text(kind.rawValue), .text(id)])
  }

  /// Whether somebody made one thing, or was given a permission of their own on it.
  static func isHeld(_ kind: ResourceKind, _ id: String, in connection: any SQLConnection) throws -> Bool {
    try connection.first(
      """
      SELECT 1 FROM access_role_permissions p JOIN access_roles r ON r.id = p.role
      WHERE p.resource_type = ? AND p.resource_pattern = ? AND p.permission <> 'DENY' AND r.owner IS NOT NULL LIMIT 1
      """, [.text(kind.rawValue), .text(id)]
    ) { _ in true } ?? false
  }

  static func rename(_ kind: ResourceKind, _ id: String, to other: String, in connection: any SQLConnection) throws {
    try forget(kind, other, in: connection)
    try connection.execute(
      "UPDATE access_role_permissions SET resource_pattern = ? WHERE resource_type = ? AND resource_pattern = ?",
      [.text(other), .text(kind.rawValue), .text(id)])
  }

  /// All that a user has through roles and as its own.
  static func resources(of user: Int64, in connection: any SQLConnection) throws -> [ResourceGrant] {
    try connection.rows(
      """
      SELECT p.id, p.role, p.resource_type, p.resource_pattern, p.permission, p.by_making
      FROM access_role_permissions p JOIN access_role_users u ON u.role = p.role
      WHERE u.user_id = ? ORDER BY p.id
      """, [.integer(user)], readPermission
    ).compactMap { $0?.grant }
  }

  // MARK: Assignments

  static func assign(_ role: Int64, to user: Int64, in connection: any SQLConnection) throws -> RoleAssignment? {
    try connection.execute(
      "INSERT INTO access_role_users (role, user_id) VALUES (?, ?) ON CONFLICT (role, user_id) DO NOTHING",
      [.integer(role &- first), .integer(user)])
    return try assignments("WHERE role = ? AND user_id = ?", [.integer(role &- first), .integer(user)], in: connection)
      .first
  }

  /// False when the user did not have it.
  static func unassign(_ role: Int64, from user: Int64, in connection: any SQLConnection) throws -> Bool {
    try connection.execute(
      "DELETE FROM access_role_users WHERE role = ? AND user_id = ?", [.integer(role &- first), .integer(user)]) > 0
  }

  static func assignments(of role: Int64, in connection: any SQLConnection) throws -> [RoleAssignment] {
    try assignments("WHERE role = ? ORDER BY id", [.integer(role &- first)], in: connection)
  }

  /// Those that people made and the user's own, without the job roles.
  static func roles(of user: Int64, in connection: any SQLConnection) throws -> [ResourceRole] {
    try roles(
      "WHERE id IN (SELECT role FROM access_role_users WHERE user_id = ?) ORDER BY name", [.integer(user)],
      in: connection)
  }

  // MARK: Rows

  private static let selectPermission =
    "SELECT id, role, resource_type, resource_pattern, permission, by_making FROM access_role_permissions"

  private static func roles(_ condition: String, _ arguments: [SQLValue], in connection: any SQLConnection) throws
    -> [ResourceRole]
  {
    let found = try connection.rows("SELECT id, name, description FROM access_roles \(condition)", arguments) { row in
      ResourceRole(
        id: try row.integer(0) + first, name: try row.text(1), description: try row.optionalText(2), permissions: [])
    }
    return try found.map { role in
      var role = role
      role.permissions = try connection.rows(
        "\(selectPermission) WHERE role = ? ORDER BY id", [.integer(role.id &- first)], readPermission
      ).compactMap(\.self)
      return role
    }
  }

  private static func assignments(_ condition: String, _ arguments: [SQLValue], in connection: any SQLConnection) throws
    -> [RoleAssignment]
  {
    try connection.rows("SELECT id, user_id, role FROM access_role_users \(condition)", arguments) { row in
      RoleAssignment(id: try row.integer(0) + first, user: try row.integer(1), role: try row.integer(2) + first)
    }
  }

  @Sendable
  private static func readPermission(_ row: SQLRow) throws -> RolePermission? {
    guard let kind = ResourceKind(rawValue: try row.text(2)), let level = AccessLevel(rawValue: try row.text(4)) else {
      return nil
    }
    return RolePermission(
      id: try row.integer(0) + first, role: try row.integer(1) + first,
      grant: ResourceGrant(kind, try row.text(3), level, isMakers: try row.boolean(5)))
  }
}

extension ResourceRole {
  /// Also those of a connection that reads one role among the kept ones.
  static func demand(_ id: Int64, in connection: any SQLConnection) throws -> ResourceRole {
    if let job = jobRole(id) { return ResourceRole(job) }
    guard let role = try ResourceRoleStore.get(id, in: connection) else {
      throw MartletError.notFound("Role with id=\(id) not found")
    }
    return role
  }
}
