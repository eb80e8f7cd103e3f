package import MartletCore
import MartletStore

extension Accounts {
  // MARK: Tokens

  private static let mostTokens: Int64 = 100
  package static let longestLife: Duration = .seconds(366 * 86_400)

  /// Makes a token that acts for its owner, within limits; the secret is returned once and kept as a hash only.
  package func createToken(
    _ name: String, of user: String, limits: Caller.Limits = .init(), life: Duration = .seconds(90 * 86_400),
    by author: Author
  ) async throws -> (token: APIToken, secret: String) {
    try AccountRules.checkTokenName(name)
    guard life > .zero, life <= Self.longestLife else {
      throw MartletError.invalidInput("a token lives for at most 366 days", fix: "give --expires from 1m to 366d")
    }
    let secret = SecretText.random(SecretText.tokenPrefix)
    let id = Identifier<Never>.random().text
    let now = clock.now
    // It takes nothing from anybody, so what is remembered of callers holds.
    let token = try await database.write { connection in
      let owner = try UserStore.demand(user, in: connection)
      guard try CredentialStore.count(of: owner.id, in: connection) < Self.mostTokens else {
        throw MartletError(
          .conflict, "\(user) has \(Self.mostTokens) tokens already", fix: "revoke some: martlet token list")
      }
      let token = APIToken(id: id, user: user, name: name, limits: limits, createdAt: now, expiresAt: now + life)
      try CredentialStore.insert(token, of: owner.id, hash: SecretText.hash(secret), in: connection)
      try Self.record("token.created", user, after: token.json, by: author, at: now, in: connection)
      return token
    }
    return (token, secret)
  }

  /// Of one user, or of all, newest first.
  package func tokens(of user: String? = nil) async throws -> [APIToken] {
    try await database.read { connection in
      try CredentialStore.tokens(of: try user.map { try UserStore.demand($0, in: connection).id }, in: connection)
    }
  }

  package func token(_ id: String) async throws -> APIToken {
    try await database.read { try Self.token(id, in: $0) }
  }

  package func revokeToken(_ id: String, by author: Author) async throws {
    try await change(by: author) { connection, now in
      let token = try Self.token(id, in: connection)
      try CredentialStore.deleteToken(id, in: connection)
      try Self.record("token.revoked", token.user, before: token.json, by: author, at: now, in: connection)
    }
  }

  private static func token(_ id: String, in connection: any SQLConnection) throws -> APIToken {
    guard let token = try CredentialStore.token(id, in: connection) else {
      throw MartletError.notFound("there is no token '\(id.prefix(60))'", fix: "martlet token list shows them")
    }
    return token
  }

  // MARK: Sessions

  /// How long a browser stays signed in.
  package static let sessionLife: Duration = .seconds(12 * 3600)

  /// Signs a browser in whose password was checked; returns the cookie's value.
  package func openSession(for user: String) async throws -> String {
    let secret = SecretText.random()
    let now = clock.now
    try await database.write { connection in
      let owner = try UserStore.demand(user, in: connection)
      try CredentialStore.insertSession(
        hash: SecretText.hash(secret), of: owner.id, at: now, until: now + Self.sessionLife, in: connection)
      try Self.record(
        "session.opened", user, by: Author(name: user, role: "user"), at: now, in: connection)
    }
    return secret
  }

  /// Ends a session; nothing happens when there is none.
  package func closeSession(_ secret: String, by author: Author) async throws {
    try await change(by: author) { connection, now in
      guard try CredentialStore.deleteSession(hash: SecretText.hash(secret), in: connection) else { return }
      try Self.record("session.closed", author.name, by: author, at: now, in: connection)
    }
  }

  // MARK: The first administrator

  /// A new token for creating the first administrator, in the place of an older one.
  package func newSetupToken() async throws -> String {
    let secret = SecretText.random(SecretText.setupPrefix)
    let now = clock.now
    try await database.write { try CredentialStore.replaceSetup(hash: SecretText.hash(secret), at: now, in: $0) }
    return secret
  }

  /// Creates the first administrator with the token that the server printed; the token is then used up.
  ///
  /// - Throws: `.conflict` once there are users, `.unauthenticated` for a wrong token.
  package func setUp(_ name: String, password: String, token: String, from peer: String) async throws -> User {
    try AccountRules.checkName(name)
    try AccountRules.checkPassword(password, of: name)
    let keys = ["peer:\(peer)"]
    try limiter.begin(keys)
    let hash = try await checker.hash(password)
    let author = Author(name: name, role: "setup token")
    let user = try await change(by: author) { connection, now in
      guard try UserStore.isEmpty(in: connection) else {
        throw MartletError(
          .conflict, "there is an administrator already", fix: "sign in, or ask an administrator for an account")
      }
      guard try CredentialStore.useSetup(hash: SecretText.hash(token), in: connection) else {
        throw MartletError(
          .unauthenticated, "the setup token is not right",
          fix: "use the newest one that the server printed when it started; a restart prints another")
      }
      return try Self.insert(name, hash, [Grant(.admin)], author, now, connection)
    }
    limiter.succeeded(keys)
    return user
  }
}

extension APIToken {
  var json: JSON {
    var json: [String: JSON] = ["token": .string(id), "name": .string(name), "expires": .string(expiresAt.description)]
    json["project"] = limits.project.map { .string($0.text) }
    json["permissions"] = limits.permissions.map { .array($0.map(\.rawValue).sorted().map(JSON.string)) }
    return .object(json)
  }
}
