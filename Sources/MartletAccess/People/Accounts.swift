package import MartletCore
import MartletLedger
package import MartletStore

/// Users, the roles they have, their tokens and sessions.
///
/// Every change is written to the ledger in the same transaction, without secrets, and holds from the next request on.
package final class Accounts: Sendable {
  let database: any Database
  let clock: WallClock
  let checker: PasswordChecker
  let cache: CallerCache
  package let limiter: AttemptLimiter
  package let jobs: JobTokens
  let verifications = Verifications()

  package init(database: any Database, clock: WallClock = .system) {
    self.database = database
    self.clock = clock
    checker = PasswordChecker()
    cache = CallerCache(clock: clock)
    limiter = AttemptLimiter(clock: clock)
    jobs = JobTokens()
  }

  /// - Parameter cost: of a password's derivation; tests take a small one.
  init(database: any Database, clock: WallClock = .system, cost: PasswordHash.Cost) {
    self.database = database
    self.clock = clock
    checker = PasswordChecker(cost: cost)
    cache = CallerCache(clock: clock)
    limiter = AttemptLimiter(clock: clock)
    jobs = JobTokens()
  }

  /// As the server's, with derivations that cost next to nothing, for tests.
  package static func forTests(database: any Database, clock: WallClock = .system) -> Accounts {
    Accounts(database: database, clock: clock, cost: .trivial)
  }

  deinit { checker.close() }

  // MARK: Users

  package func hasUsers() async throws -> Bool { try await !database.read { try UserStore.isEmpty(in: $0) } }

  package func users() async throws -> [User] { try await database.read { try UserStore.all(in: $0) } }

  /// - Throws: `.notFound`, naming the user.
  package func user(_ name: String) async throws -> User {
    try await database.read { try UserStore.demand(name, in: $0) }
  }

  /// Creates a user with roles.
  ///
  /// - Throws: `.alreadyExists` when the name is taken.
  package func create(_ name: String, password: String?, grants: [Grant] = [], by author: Author) async throws -> User {
    try AccountRules.checkName(name)
    if let password { try AccountRules.checkPassword(password, of: name) }
    let hash: String? = if let password { try await checker.hash(password) } else { nil }
    return try await change(by: author) { connection, now in
      let user = try Self.insert(name, hash, grants, author, now, connection)
      guard try UserStore.administrators(in: connection) > 0 else {
        throw MartletError(
          .conflict, "the first user has to be an administrator", cause: "nobody else could manage users",
          fix: "martlet user create \(name) --role admin")
      }
      return user
    }
  }

  static func insert(
    _ name: String, _ hash: String?, _ grants: [Grant], _ author: Author, _ now: Timestamp,
    _ connection: any SQLConnection
  ) throws -> User {
    guard let id = try UserStore.insert(name, password: hash, at: now, in: connection) else {
      throw MartletError(.alreadyExists, "User (username=\(name)) already exists.")
    }
    try record("user.created", name, by: author, at: now, in: connection)
    for grant in grants where try UserStore.grant(grant, to: id, at: now, in: connection) {
      try record("role.granted", name, after: grant.json, by: author, at: now, in: connection)
    }
    return try UserStore.demand(name, in: connection)
  }

  /// Gives a role; nothing happens when the user has it already.
  package func grant(_ grant: Grant, to name: String, by author: Author) async throws -> User {
    try await change(by: author) { connection, now in
      let user = try UserStore.demand(name, in: connection)
      if try UserStore.grant(grant, to: user.id, at: now, in: connection) {
        try Self.record("role.granted", name, after: grant.json, by: author, at: now, in: connection)
      }
      return try UserStore.demand(name, in: connection)
    }
  }

  /// Takes a role away.
  ///
  /// - Throws: `.notFound` when the user does not have it, `.conflict` for the last administrator's.
  package func revoke(_ grant: Grant, from name: String, by author: Author) async throws -> User {
    try await change(by: author) { connection, now in
      let user = try UserStore.demand(name, in: connection)
      guard try UserStore.revoke(grant, from: user.id, in: connection) else {
        throw MartletError.notFound("\(name) is not \(grant.words)", fix: "martlet user show \(name) lists the roles")
      }
      try Self.demandAdministrator(in: connection)
      try Self.record("role.revoked", name, before: grant.json, by: author, at: now, in: connection)
      return try UserStore.demand(name, in: connection)
    }
  }

  /// Sets a password; all sessions of the user end.
  package func setPassword(_ password: String, of name: String, by author: Author) async throws {
    try AccountRules.checkPassword(password, of: name)
    let hash = try await checker.hash(password)
    try await change(by: author) { connection, now in
      let user = try UserStore.demand(name, in: connection)
      try UserStore.setPassword(hash, of: user.id, in: connection)
      try CredentialStore.deleteSessions(of: user.id, in: connection)
      try Self.record("user.password.changed", name, by: author, at: now, in: connection)
    }
  }

  /// Shuts a user out, or lets it in again; sessions end, tokens rest.
  package func setDisabled(_ disabled: Bool, _ name: String, by author: Author) async throws -> User {
    try await change(by: author) { connection, now in
      let user = try UserStore.demand(name, in: connection)
      guard user.isDisabled != disabled else { return user }
      try UserStore.setDisabled(disabled, user.id, in: connection)
      if disabled { try CredentialStore.deleteSessions(of: user.id, in: connection) }
      try Self.demandAdministrator(in: connection)
      try Self.record(disabled ? "user.disabled" : "user.enabled", name, by: author, at: now, in: connection)
      return try UserStore.demand(name, in: connection)
    }
  }

  /// Deletes a user with its roles, tokens and sessions; the ledger keeps the name.
  package func delete(_ name: String, by author: Author) async throws {
    try await change(by: author) { connection, now in
      let user = try UserStore.demand(name, in: connection)
      try UserStore.delete(user.id, in: connection)
      try Self.demandAdministrator(in: connection)
      try Self.record("user.deleted", name, by: author, at: now, in: connection)
    }
  }

  // MARK: Shared

  /// One transaction that changes access; what was remembered of callers is forgotten.
  @discardableResult
  func change<Value: Sendable>(
    by author: Author, _ body: @escaping @Sendable (any SQLConnection, Timestamp) throws -> Value
  ) async throws -> Value {
    let now = clock.now
    let value = try await database.write { try body($0, now) }
    cache.clear()
    return value
  }

  /// A server that has users keeps somebody who can manage them.
  static func demandAdministrator(in connection: any SQLConnection) throws {
    guard try UserStore.administrators(in: connection) == 0 else { return }
    throw MartletError(
      .conflict, "nobody would be left to manage users", cause: "this is the last administrator",
      fix: "make somebody else an administrator first: martlet user grant NAME admin")
  }

  static func record(
    _ action: String, _ user: String, before: JSON? = nil, after: JSON? = nil, by author: Author, at now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    try Ledger.append(
      LedgerEntry(action: action, object: "user:\(user)", before: before, after: after, reason: nil), by: author,
      at: now, in: connection)
  }
}

extension Grant {
  var json: JSON { ["role": .string(role.rawValue), "project": .string(project?.text ?? "*")] }
}
