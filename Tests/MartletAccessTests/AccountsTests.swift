import MartletCore
import MartletLedger
import MartletStore
import MartletTesting
import Testing

@testable import MartletAccess

@Suite("Accounts") struct AccountsTests {
  private static let root = Author(name: "root", role: "admin")
  private static let password = "correct horse battery"

  private static func accounts(_ kind: TestDatabase.Kind, _ clock: WallClock = .system) async throws
    -> (Accounts, any Database)
  {
    let database = try await kind.open()
    let accounts = Accounts.forTests(database: database, clock: clock)
    _ = try await accounts.create("root", password: password, grants: [Grant(.admin)], by: root)
    return (accounts, database)
  }

  @Test("A user signs in with the password, and with nothing else", arguments: TestDatabase.kinds)
  func signIn(kind: TestDatabase.Kind) async throws {
    let (accounts, database) = try await Self.accounts(kind)
    let caller = try await accounts.caller(.basic(name: "root", password: Self.password), from: "1.2.3.4")
    #expect(caller.isAdmin && caller.name == "root")
    for (name, password) in [("root", "wrong horse battery"), ("root", ""), ("toor", Self.password), ("", "")] {
      await #expect { try await accounts.caller(.basic(name: name, password: password), from: "1.2.3.4") } throws: {
        ($0 as? MartletError)?.code == .unauthenticated
      }
    }
    await database.close()
  }

  @Test("A changed password holds at once, and the old one and all sessions no longer", arguments: TestDatabase.kinds)
  func changedPassword(kind: TestDatabase.Kind) async throws {
    let (accounts, database) = try await Self.accounts(kind)
    let session = try await accounts.openSession(for: "root")
    _ = try await accounts.caller(.basic(name: "root", password: Self.password), from: "a")
    #expect(try await accounts.session(session)?.name == "root")
    try await accounts.setPassword("another horse battery", of: "root", by: Self.root)
    await #expect(throws: MartletError.self) {
      try await accounts.caller(.basic(name: "root", password: Self.password), from: "a")
    }
    #expect(try await accounts.session(session) == nil)
    #expect(
      try await accounts.caller(.basic(name: "root", password: "another horse battery"), from: "a").name == "root")
    await database.close()
  }

  @Test("The last administrator stays, also when two are removed at once", arguments: TestDatabase.kinds)
  func lastAdministrator(kind: TestDatabase.Kind) async throws {
    let (accounts, database) = try await Self.accounts(kind)
    _ = try await accounts.create("eve", password: nil, grants: [Grant(.admin)], by: Self.root)
    let outcomes = await withTaskGroup(of: Bool.self) { group in
      for name in ["root", "eve"] {
        group.addTask { (try? await accounts.revoke(Grant(.admin), from: name, by: Self.root)) != nil }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.count(where: \.self) == 1)
    let left = try await accounts.users().filter(\.isAdmin)
    #expect(left.count == 1)
    for change in [
      { try await accounts.delete(left[0].name, by: Self.root) },
      { _ = try await accounts.setDisabled(true, left[0].name, by: Self.root) },
      { _ = try await accounts.revoke(Grant(.admin), from: left[0].name, by: Self.root) },
    ] as [() async throws -> Void] {
      await #expect { try await change() } throws: { ($0 as? MartletError)?.code == .conflict }
    }
    #expect(try await accounts.users().filter(\.isAdmin) == left)
    await database.close()
  }

  @Test("The first user has to be an administrator", arguments: TestDatabase.kinds)
  func first(kind: TestDatabase.Kind) async throws {
    let database = try await kind.open()
    let accounts = Accounts.forTests(database: database)
    await #expect(throws: MartletError.self) {
      try await accounts.create("ada", password: nil, grants: [Grant(.dataScientist)], by: Self.root)
    }
    #expect(try await !accounts.hasUsers())
    await database.close()
  }

  @Test("The setup token creates one administrator, once", arguments: TestDatabase.kinds)
  func setup(kind: TestDatabase.Kind) async throws {
    let database = try await kind.open()
    let accounts = Accounts.forTests(database: database)
    let old = try await accounts.newSetupToken()
    let token = try await accounts.newSetupToken()
    #expect(token.hasPrefix("mls_") && token != old)
    for wrong in [old, "", "mls_", token + "x"] {
      await #expect { try await accounts.setUp("root", password: Self.password, token: wrong, from: "p") } throws: {
        ($0 as? MartletError)?.code == .unauthenticated
      }
    }
    let user = try await accounts.setUp("root", password: Self.password, token: token, from: "p")
    #expect(user.isAdmin)
    await #expect { try await accounts.setUp("eve", password: Self.password, token: token, from: "p") } throws: {
      ($0 as? MartletError)?.code == .conflict
    }
    await database.close()
  }

  @Test("A token acts within its limits until it expires or is revoked", arguments: TestDatabase.kinds)
  func tokens(kind: TestDatabase.Kind) async throws {
    let clock = MovingClock()
    let (accounts, database) = try await Self.accounts(kind, clock.clock)
    _ = try await accounts.create(
      "ada", password: Self.password, grants: [Grant(.dataScientist), Grant(.devops, in: "flights")], by: Self.root)
    let made = try await accounts.createToken(
      "ci", of: "ada", limits: .init(permissions: [.read, .deploy], project: "flights"), life: .seconds(3600),
      by: Self.root)
    #expect(made.secret.hasPrefix("mlt_") && made.secret.utf8.count == 47)
    let caller = try await accounts.caller(.bearer(made.secret), from: "p")
    #expect(caller.may(.read, in: "flights") && caller.may(.deploy, in: "flights"))
    #expect(!caller.may(.log, in: "flights") && !caller.may(.read, in: "other") && !caller.may(.read, in: nil))
    #expect(try await accounts.tokens(of: "ada").map(\.name) == ["ci"])
    clock.move(.seconds(3601))
    await #expect { try await accounts.caller(.bearer(made.secret), from: "p") } throws: {
      ($0 as? MartletError)?.cause?.contains("expired") == true
    }
    let second = try await accounts.createToken("laptop", of: "ada", by: Self.root)
    _ = try await accounts.caller(.bearer(second.secret), from: "p")
    try await accounts.revokeToken(second.token.id, by: Self.root)
    await #expect(throws: MartletError.self) { try await accounts.caller(.bearer(second.secret), from: "p") }
    await database.close()
  }

  @Test("Tokens and sessions of a deleted or disabled user hold no longer", arguments: TestDatabase.kinds)
  func goneUser(kind: TestDatabase.Kind) async throws {
    let (accounts, database) = try await Self.accounts(kind)
    for verb in ["delete", "disable"] {
      let name = "ada-\(verb)"
      _ = try await accounts.create(name, password: Self.password, grants: [Grant(.dataScientist)], by: Self.root)
      let token = try await accounts.createToken("t", of: name, by: Self.root).secret
      let session = try await accounts.openSession(for: name)
      #expect(try await accounts.caller(.bearer(token), from: "p").name == name)
      #expect(try await accounts.session(session)?.name == name)
      if verb == "delete" {
        try await accounts.delete(name, by: Self.root)
      } else {
        _ = try await accounts.setDisabled(true, name, by: Self.root)
      }
      await #expect(throws: MartletError.self) { try await accounts.caller(.bearer(token), from: "p") }
      #expect(try await accounts.session(session) == nil)
      await #expect(throws: MartletError.self) {
        try await accounts.caller(.basic(name: name, password: Self.password), from: "p")
      }
    }
    // Who comes later under the same name has none of it.
    _ = try await accounts.create("ada-delete", password: nil, by: Self.root)
    #expect(try await accounts.tokens(of: "ada-delete").isEmpty)
    #expect(try await accounts.user("ada-delete").grants.isEmpty)
    await database.close()
  }

  @Test("A session ends by itself, and at sign-out", arguments: TestDatabase.kinds)
  func sessions(kind: TestDatabase.Kind) async throws {
    let clock = MovingClock()
    let (accounts, database) = try await Self.accounts(kind, clock.clock)
    let first = try await accounts.openSession(for: "root")
    let second = try await accounts.openSession(for: "root")
    #expect(try await accounts.session(first) != nil)
    try await accounts.closeSession(first, by: Self.root)
    #expect(try await accounts.session(first) == nil)
    #expect(try await accounts.session(second) != nil)
    clock.move(Accounts.sessionLife)
    #expect(try await accounts.session(second) == nil)
    await database.close()
  }

  @Test("Every change is in the ledger with who made it, and no secret is", arguments: TestDatabase.kinds)
  func ledger(kind: TestDatabase.Kind) async throws {
    let (accounts, database) = try await Self.accounts(kind)
    _ = try await accounts.create("ada", password: Self.password, by: Self.root)
    _ = try await accounts.grant(Grant(.dataScientist, in: "flights"), to: "ada", by: Self.root)
    _ = try await accounts.grant(Grant(.dataScientist, in: "flights"), to: "ada", by: Self.root)
    _ = try await accounts.revoke(Grant(.dataScientist, in: "flights"), from: "ada", by: Self.root)
    let token = try await accounts.createToken("ci", of: "ada", by: Self.root)
    try await accounts.revokeToken(token.token.id, by: Self.root)
    try await accounts.setPassword("another horse battery", of: "ada", by: Self.root)
    let session = try await accounts.openSession(for: "ada")
    try await accounts.closeSession(session, by: Author(name: "ada", role: "no role"))
    try await accounts.delete("ada", by: Self.root)
    let records = try await Ledger(database: database).entries(
      matching: LedgerFilter(object: "user:ada", newestFirst: false)
    ).items
    #expect(
      records.map(\.entry.action) == [
        "user.created", "role.granted", "role.revoked", "token.created", "token.revoked", "user.password.changed",
        "session.opened", "session.closed", "user.deleted",
      ])
    #expect(records[1].author == Self.root)
    let text = records.map { "\($0)" }.joined()
    for secret in [Self.password, token.secret, session, "another horse"] { #expect(!text.contains(secret)) }
    await database.close()
  }

  @Test(
    "Bad names and passwords are refused",
    arguments: ["", "a b", "ä", "martlet", "Local", "-x", ".x", "a:b", String(repeating: "a", count: 65)])
  func badNames(name: String) { #expect(throws: MartletError.self) { try AccountRules.checkName(name) } }

  @Test("Passwords have at least 12 characters, and are not the name")
  func badPasswords() {
    for password in ["", "short", "elevenchars", String(repeating: "x", count: 2000)] {
      #expect(throws: MartletError.self) { try AccountRules.checkPassword(password, of: "ada") }
    }
    #expect(throws: MartletError.self) { try AccountRules.checkPassword("ada-lovelace-1", of: "Ada-Lovelace-1") }
    #expect(throws: Never.self) { try AccountRules.checkPassword("twelve chars", of: "ada") }
  }
}
