import Foundation
import MartletCore
import MartletStore

/// What a request says about who sends it.
package enum Credentials: Sendable, Hashable {
  case basic(name: String, password: String)
  case bearer(String)
  case session(String)

  /// Longer headers than this are no credentials.
  private static let longest = 4096

  /// From an `Authorization` header, in either spelling of RFC 9110; nil when there is none.
  ///
  /// - Throws: `.unauthenticated` for a header that is neither Basic nor Bearer, or broken.
  package init?(authorization header: String?) throws {
    guard let header else { return nil }
    guard header.utf8.count <= Self.longest else { throw Self.broken("it is longer than \(Self.longest) bytes") }
    let parts = header.split(separator: " ").map(String.init)
    guard parts.count == 2 else { throw Self.broken("it is not 'Basic …' or 'Bearer …'") }
    switch parts[0].lowercased() {
    case "bearer": self = .bearer(parts[1])
    case "basic":
      guard let data = Data(base64Encoded: parts[1]), let text = String(data: data, encoding: .utf8),
        !text.utf8.contains(0)
      else { throw Self.broken("its value is not base64 of UTF-8 text") }
      guard let colon = text.firstIndex(of: ":") else { throw Self.broken("it has no colon after the user's name") }
      self = .basic(name: String(text[..<colon]), password: String(text[text.index(after: colon)...]))
    default: throw Self.broken("it is not 'Basic …' or 'Bearer …'")
    }
  }

  private static func broken(_ cause: String) -> MartletError {
    MartletError(
      .unauthenticated, "the Authorization header cannot be read", cause: cause, fix: Refusal.unauthenticated.fix)
  }
}

extension Accounts {
  /// Who the credentials belong to.
  ///
  /// - Parameter peer: the other end's address, for counting failures.
  /// - Throws: `.unauthenticated` when they do not hold, `.tooManyRequests` after ten failures in a minute.
  package func caller(_ credentials: Credentials, from peer: String) async throws -> Caller {
    switch credentials {
    case .basic(let name, let password): return try await basic(name, password, peer)
    case .bearer(let token): return try await bearer(token, peer)
    case .session(let secret):
      guard let caller = try await session(secret) else { throw Refusal.unauthenticated }
      return caller
    }
  }

  /// The cookie's owner; nil when the session is over.
  package func session(_ secret: String) async throws -> Caller? {
    let entry = cache.name("session", secret)
    if let known = cache.caller(entry) { return known }
    let generation = cache.generation
    let now = clock.now
    let found = try await database.read { connection -> (Caller, Timestamp)? in
      guard let session = try CredentialStore.session(hash: SecretText.hash(secret), in: connection),
        session.until > now, let caller = try Self.caller(session.user, in: connection)
      else { return nil }
      return (caller, session.until)
    }
    guard let (caller, until) = found else { return nil }
    cache.keep(caller, as: entry, until: until, readAt: generation)
    return caller
  }

  // MARK: Passwords

  private func basic(_ name: String, _ password: String, _ peer: String) async throws -> Caller {
    let entry = cache.name("basic", name, password)
    if let known = cache.caller(entry) { return known }
    let caller = try await verifications.caller(entry) { [self] in
      if let known = cache.caller(entry) { return known }
      return try await verified(name, password, peer, entry)
    }
    guard let caller else { throw Self.wrong("the user's name or password is not right") }
    return caller
  }

  private func verified(_ name: String, _ password: String, _ peer: String, _ entry: String) async throws -> Caller? {
    let user = name.prefix(64)
    let keys = ["user:\(user) at \(peer)", "\(AttemptLimiter.anywhere)\(user)", "peer:\(peer)"]
    let generation = cache.generation
    let kept = try await database.read { try UserStore.password(of: name, in: $0) }
    let isPossible = password.utf8.count <= AccountRules.longestPassword
    let isRight = try await checker.matches(
      isPossible ? password : "", isPossible ? kept?.hash : nil, counting: limiter, as: keys)
    guard isRight, let kept, let caller = try await database.read({ try Self.caller(kept.id, in: $0) }) else {
      return nil
    }
    cache.keep(caller, as: entry, readAt: generation)
    return caller
  }

  /// Whether this is a user's password, for those who want to change it; wrong ones count as failures to sign in.
  package func isPassword(_ password: String, of name: String, from peer: String) async throws -> Bool {
    do {
      _ = try await basic(name, password, peer)
      return true
    } catch let error as MartletError where error.code == .unauthenticated {
      return false
    }
  }

  // MARK: Tokens

  private func bearer(_ secret: String, _ peer: String) async throws -> Caller {
    let hash = SecretText.hash(secret)
    if let job = jobs.caller(hash: hash) { return job }
    let entry = cache.name("bearer", secret)
    if let known = cache.caller(entry) { return known }
    let generation = cache.generation
    let found = try await database.read { connection -> (APIToken, Caller?)? in
      guard let token = try CredentialStore.token(hash: hash, in: connection) else { return nil }
      guard let user = try UserStore.find(token.user, in: connection) else { return (token, nil) }
      return (token, try Self.caller(user.id, limits: token.limits, token: token.id, in: connection))
    }
    guard let (token, owner) = found else {
      // Nobody guesses 256 bits: those who hold a token are not made to wait for those who try.
      try limiter.begin(["peer:\(peer)"])
      throw Self.wrong("no token is like this, or it was revoked")
    }
    guard token.expiresAt > clock.now else {
      throw Self.wrong("the token '\(token.name)' expired on \(token.expiresAt.day)")
    }
    guard let owner else { throw Self.wrong("the token's owner cannot sign in") }
    cache.keep(owner, as: entry, until: token.expiresAt, readAt: generation)
    return owner
  }

  private static func wrong(_ cause: String) -> MartletError {
    MartletError(
      .unauthenticated, "the credentials do not hold", cause: cause,
      fix: "check them, or run 'martlet login'; an administrator can set a new password: martlet user password NAME")
  }

  /// A user as a caller, with roles and permissions; nil when it is disabled.
  static func caller(
    _ id: Int64, limits: Caller.Limits = .init(), token: String? = nil, in connection: any SQLConnection
  ) throws -> Caller? {
    guard let user = try UserStore.find(id, in: connection), !user.isDisabled else { return nil }
    return Caller(
      .user(id), name: user.name, grants: user.grants,
      resources: try ResourceRoleStore.resources(of: id, in: connection), limits: limits, token: token)
  }
}
