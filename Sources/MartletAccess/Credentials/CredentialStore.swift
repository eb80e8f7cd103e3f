import MartletCore
import MartletStore

/// The SQL of tokens, sessions and the token that creates the first administrator: hashes only.
enum CredentialStore {
  // MARK: Tokens

  static func insert(_ token: APIToken, of user: Int64, hash: String, in connection: any SQLConnection) throws {
    let permissions = token.limits.permissions.map { JSON.array($0.map(\.rawValue).sorted().map(JSON.string)).text }
    try connection.execute(
      """
      INSERT INTO access_tokens (id, user_id, name, hash, permissions, project, created_at, expires_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        .text(token.id), .integer(user), .text(token.name), .text(hash), SQLValue(permissions),
        SQLValue(token.limits.project), SQLValue(token.createdAt), SQLValue(token.expiresAt),
      ])
  }

  /// Of one user, or of all, newest first.
  static func tokens(of user: Int64?, in connection: any SQLConnection) throws -> [APIToken] {
    let condition = user == nil ? "" : "WHERE t.user_id = ?"
    return try connection.rows(
      "\(selectToken) \(condition) ORDER BY t.created_at DESC, t.id", user.map { [.integer($0)] } ?? [], readToken)
  }

  static func token(_ id: String, in connection: any SQLConnection) throws -> APIToken? {
    try connection.first("\(selectToken) WHERE t.id = ?", [.text(id)], readToken)
  }

  static func token(hash: String, in connection: any SQLConnection) throws -> APIToken? {
    try connection.first("\(selectToken) WHERE t.hash = ?", [.text(hash)], readToken)
  }

  static func deleteToken(_ id: String, in connection: any SQLConnection) throws {
    try connection.execute("DELETE FROM access_tokens WHERE id = ?", [.text(id)])
  }

  static func count(of user: Int64, in connection: any SQLConnection) throws -> Int64 {
    try connection.first("SELECT COUNT(*) FROM access_tokens WHERE user_id = ?", [.integer(user)]) {
      try $0.integer(0)
    } ?? 0
  }

  private static let selectToken =
    """
    SELECT t.id, u.name, t.name, t.permissions, t.project, t.created_at, t.expires_at
    FROM access_tokens t JOIN access_users u ON u.id = t.user_id
    """

  @Sendable
  private static func readToken(_ row: SQLRow) throws -> APIToken {
    let permissions = try row.optionalText(3).map { text in
      Set((try JSON.parse(text).array ?? []).compactMap { $0.string.flatMap(Permission.init(rawValue:)) })
    }
    return APIToken(
      id: try row.text(0), user: try row.text(1), name: try row.text(2),
      limits: .init(permissions: permissions, project: try row.optionalText(4).map { ProjectName($0) }),
      createdAt: try row.time(5), expiresAt: try row.time(6))
  }

  // MARK: Sessions

  static func insertSession(
    hash: String, of user: Int64, at now: Timestamp, until end: Timestamp, in connection: any SQLConnection
  ) throws {
    try connection.execute("DELETE FROM access_sessions WHERE expires_at <= ?", [SQLValue(now)])
    try connection.execute(
      "INSERT INTO access_sessions (hash, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)",
      [.text(hash), .integer(user), SQLValue(now), SQLValue(end)])
  }

  static func session(hash: String, in connection: any SQLConnection) throws -> (user: Int64, until: Timestamp)? {
    try connection.first("SELECT user_id, expires_at FROM access_sessions WHERE hash = ?", [.text(hash)]) {
      (try $0.integer(0), try $0.time(1))
    }
  }

  /// False when there was none.
  static func deleteSession(hash: String, in connection: any SQLConnection) throws -> Bool {
    try connection.execute("DELETE FROM access_sessions WHERE hash = ?", [.text(hash)]) > 0
  }

  static func deleteSessions(of user: Int64, in connection: any SQLConnection) throws {
    try connection.execute("DELETE FROM access_sessions WHERE user_id = ?", [.integer(user)])
  }

  // MARK: Setup

  static func replaceSetup(hash: String, at now: Timestamp, in connection: any SQLConnection) throws {
    try connection.execute("DELETE FROM access_setup")
    try connection.execute("INSERT INTO access_setup (hash, created_at) VALUES (?, ?)", [.text(hash), SQLValue(now)])
  }

  /// True for the right token, which is then used up.
  static func useSetup(hash: String, in connection: any SQLConnection) throws -> Bool {
    try connection.execute("DELETE FROM access_setup WHERE hash = ?", [.text(hash)]) > 0
  }
}
