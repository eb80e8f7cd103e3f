import MartletCore
import MartletStore

/// The SQL of users and the roles they have.
enum UserStore {
  /// Nil when the name is taken.
  static func insert(_ name: String, password: String?, at now: Timestamp, in connection: any SQLConnection) throws
    -> Int64?
  {
    try connection.first(
      """
      INSERT INTO access_users (name, password, disabled, created_at) VALUES (?, ?, 0, ?)
      ON CONFLICT (name) DO NOTHING RETURNING id
      """, [.text(name), SQLValue(password), SQLValue(now)]
    ) { try $0.integer(0) }
  }

  static func find(_ name: String, in connection: any SQLConnection) throws -> User? {
    try one("WHERE name = ?", [.text(name)], in: connection)
  }

  static func find(_ id: Int64, in connection: any SQLConnection) throws -> User? {
    try one("WHERE id = ?", [.integer(id)], in: connection)
  }

  static func demand(_ name: String, in connection: any SQLConnection) throws -> User {
    guard let user = try find(name, in: connection) else {
      throw MartletError.notFound(
        "User with username=\(name.prefix(64)) not found", fix: "martlet user list shows them")
    }
    return user
  }

  static func all(in connection: any SQLConnection) throws -> [User] {
    try connection.rows(select + " ORDER BY name", [], read).map { try complete($0, in: connection) }
  }

  static func isEmpty(in connection: any SQLConnection) throws -> Bool {
    try connection.first("SELECT 1 FROM access_users LIMIT 1") { _ in false } ?? true
  }

  /// The password's hash and the user, without the roles.
  static func password(of name: String, in connection: any SQLConnection) throws -> (id: Int64, hash: String)? {
    try connection.first(
      "SELECT id, password FROM access_users WHERE name = ? AND disabled = 0 AND password IS NOT NULL", [.text(name)]
    ) { (try $0.integer(0), try $0.text(1)) }
  }

  static func setPassword(_ hash: String, of id: Int64, in connection: any SQLConnection) throws {
    try connection.execute("UPDATE access_users SET password = ? WHERE id = ?", [.text(hash), .integer(id)])
  }

  static func setDisabled(_ disabled: Bool, _ id: Int64, in connection: any SQLConnection) throws {
    try connection.execute("UPDATE access_users SET disabled = ? WHERE id = ?", [SQLValue(disabled), .integer(id)])
  }

  static func delete(_ id: Int64, in connection: any SQLConnection) throws {
    for table in ["access_grants", "access_tokens", "access_sessions", "access_role_users"] {
      try connection.execute("DELETE FROM \(table) WHERE user_id = ?", [.integer(id)])
    }
    try connection.execute(
      "DELETE FROM access_role_permissions WHERE role IN (SELECT id FROM access_roles WHERE owner = ?)", [.integer(id)])
    try connection.execute("DELETE FROM access_roles WHERE owner = ?", [.integer(id)])
    try connection.execute("DELETE FROM access_users WHERE id = ?", [.integer(id)])
  }

  // MARK: Grants

  /// False when the user had the role there already.
  static func grant(_ grant: Grant, to id: Int64, at now: Timestamp, in connection: any SQLConnection) throws -> Bool {
    try connection.execute(
      """
      INSERT INTO access_grants (user_id, role, project, granted_at) VALUES (?, ?, ?, ?)
      ON CONFLICT (user_id, role, project) DO NOTHING
      """, [.integer(id), .text(grant.role.rawValue), .text(place(grant)), SQLValue(now)]) > 0
  }

  /// False when the user did not have it.
  static func revoke(_ grant: Grant, from id: Int64, in connection: any SQLConnection) throws -> Bool {
    try connection.execute(
      "DELETE FROM access_grants WHERE user_id = ? AND role = ? AND project = ?",
      [.integer(id), .text(grant.role.rawValue), .text(place(grant))]) > 0
  }

  static func grants(of id: Int64, in connection: any SQLConnection) throws -> [Grant] {
    try connection.rows(
      "SELECT role, project FROM access_grants WHERE user_id = ? ORDER BY role, project", [.integer(id)]
    ) { row -> Grant? in
      guard let role = JobRole(rawValue: try row.text(0)) else { return nil }
      let project = try row.text(1)
      return Grant(role, in: project == everywhere ? nil : ProjectName(project))
    }.compactMap(\.self)
  }

  /// How many can still manage users, everywhere.
  static func administrators(in connection: any SQLConnection) throws -> Int64 {
    try connection.first(
      """
      SELECT COUNT(*) FROM access_grants g JOIN access_users u ON u.id = g.user_id
      WHERE g.role = ? AND g.project = ? AND u.disabled = 0
      """, [.text(JobRole.admin.rawValue), .text(everywhere)]
    ) { try $0.integer(0) } ?? 0
  }

  static func users(with role: JobRole, in connection: any SQLConnection) throws -> [Int64] {
    try connection.rows(
      "SELECT user_id FROM access_grants WHERE role = ? AND project = ? ORDER BY user_id",
      [.text(role.rawValue), .text(everywhere)]
    ) { try $0.integer(0) }
  }

  private static let everywhere = "*"
  private static func place(_ grant: Grant) -> String { grant.project?.text ?? everywhere }

  // MARK: Rows

  private static let select =
    "SELECT id, name, disabled, CASE WHEN password IS NULL THEN 0 ELSE 1 END, created_at FROM access_users"

  private static func one(_ condition: String, _ arguments: [SQLValue], in connection: any SQLConnection) throws
    -> User?
  {
    try connection.first("\(select) \(condition)", arguments, read).map { try complete($0, in: connection) }
  }

  @Sendable
  private static func read(_ row: SQLRow) throws -> User {
    User(
      id: try row.integer(0), name: try row.text(1), isDisabled: try row.boolean(2), hasPassword: try row.boolean(3),
      createdAt: try row.time(4), grants: [])
  }

  private static func complete(_ user: User, in connection: any SQLConnection) throws -> User {
    var user = user
    user.grants = try grants(of: user.id, in: connection)
    return user
  }
}
