import MartletCore
import MartletStore
import MartletTesting
import Testing

@testable import MartletAccess

@Suite("Who may do what") struct RuleTests {
  /// The table of people and permissions, written out once more by hand.
  static let table: [(JobRole, String)] = [
    (.subjectMatterExpert, "overview read label approve:business"),
    (.dataScientist, "overview read log label run register review"),
    (.dataEngineer, "overview read log label run approve:data"),
    (.softwareEngineer, "overview read log label run deploy:staging"),
    (.devops, "overview read run approve:operations deploy:staging deploy stop"),
    (.riskManager, "overview read approve:risk block stop policies export"),
    (.mlArchitect, "overview read log label run register approve:technical deploy:staging gates"),
    (.executive, "overview"),
    (.admin, "overview read policies users export"),
  ]

  @Test("The roles hold what the table says, and nothing else")
  func roles() {
    #expect(Self.table.map(\.0) == JobRole.allCases)
    for (role, permissions) in Self.table {
      #expect(
        Permission.allCases.filter(role.permissions.contains).map(\.rawValue).joined(separator: " ") == permissions,
        "\(role)")
    }
  }

  @Test("A role in one project says nothing about another, nor about what belongs to none")
  func projects() {
    let caller = Caller(.user(1), name: "ada", grants: [Grant(.dataScientist, in: "a"), Grant(.executive)])
    #expect(caller.may(.log, in: "a") && !caller.may(.log, in: "b") && !caller.may(.log, in: nil))
    #expect(caller.may(.overview, in: "b") && caller.mayEverywhere(.overview))
    #expect(caller.maySomewhere(.log) && !caller.maySomewhere(.deploy))
    #expect(caller.author(as: caller.role(for: .log, in: "a")).role == "data-scientist")
    #expect(caller.author().role == "data-scientist, executive")
  }

  private static func control(_ owner: Ownership) async throws -> AccessControl {
    AccessControl(accounts: .forTests(database: try await TestDatabase.sqlite())) { _ in owner }
  }

  @Test("MLflow's permission adds to the job roles, and DENY takes away what they give")
  func levels() async throws {
    let owner = Ownership("a", .experiment, "7")
    let control = try await Self.control(owner)
    let stranger = Caller(.user(1), name: "eve")
    func allows(_ caller: Caller, _ level: AccessLevel) async throws -> Bool {
      try await control.allows([.log], level, caller, on: .experiment("7"))
    }
    #expect(try await !allows(stranger, .read))
    for level in [AccessLevel.read, .use, .edit, .manage] {
      var caller = stranger
      caller.resources = [ResourceGrant(.experiment, "7", level)]
      #expect(try await allows(caller, level), "\(level)")
      #expect(try await allows(caller, .manage) == (level == .manage))
      caller.resources = [ResourceGrant(.experiment, "8", level), ResourceGrant(.model, "7", level)]
      #expect(try await !allows(caller, .read))
      caller.resources = [ResourceGrant(.experiment, "*", level)]
      #expect(try await allows(caller, level))
    }
    var denied = Caller(.user(2), name: "ada", grants: [Grant(.dataScientist)])
    #expect(try await allows(denied, .edit))
    denied.resources = [ResourceGrant(.experiment, "*", .manage), ResourceGrant(.experiment, "7", .deny)]
    #expect(try await !allows(denied, .read))
  }

  @Test("A token for one project or for certain permissions carries no more than that of MLflow's permissions")
  func limitedLevels() {
    var caller = Caller(.user(1), name: "ada", resources: [ResourceGrant(.experiment, "7", .manage)])
    let owner = Ownership(nil, .experiment, "7")
    #expect(caller.level(on: owner) == .manage)
    caller.limits = .init(permissions: [.read])
    #expect(caller.level(on: owner) == .read)
    caller.limits = .init(project: "a")
    #expect(caller.level(on: owner) == nil)
  }

  /// What somebody holds, where the thing they made is, and whether they still manage an experiment and a model there.
  private static let makers: [(grants: [Grant], project: ProjectName?, experiment: Bool, model: Bool)] = [
    ([], nil, false, false),
    ([], "a", false, false),
    ([Grant(.dataScientist)], nil, true, true),
    ([Grant(.dataScientist)], "a", true, true),
    ([Grant(.dataScientist, in: "a")], "a", true, true),
    ([Grant(.dataScientist, in: "a")], nil, true, true),
    ([Grant(.dataScientist, in: "a")], "b", false, false),
    ([Grant(.dataEngineer, in: "a")], "a", true, false),
    ([Grant(.dataEngineer, in: "a")], nil, true, false),
    ([Grant(.executive), Grant(.devops), Grant(.admin)], nil, false, false),
    ([Grant(.subjectMatterExpert, in: "a"), Grant(.dataScientist, in: "b")], "a", false, false),
  ]

  @Test("A maker manages the thing as long as a role lets them make such things where it is", arguments: makers)
  func maker(grants: [Grant], project: ProjectName?, experiment: Bool, model: Bool) {
    for (kind, expected) in [(ResourceKind.experiment, experiment), (.model, model)] {
      var caller = Caller(.user(1), name: "ada", grants: grants, resources: [.makers(kind, "7")])
      let owner = Ownership(project, kind, "7")
      #expect(caller.level(on: owner) == (expected ? .manage : nil), "\(kind)")
      // A token narrows what its owner has, and takes nothing else away.
      caller.limits = .init(permissions: [.read])
      #expect(caller.level(on: owner) == (expected ? .read : nil), "\(kind)")
      caller.resources = [ResourceGrant(kind, "7", .manage)]
      caller.limits = .init()
      #expect(caller.level(on: owner) == .manage, "what was given stays: \(kind)")
    }
  }

  @Test("What somebody may not see is not there for them; what they see and may not change is refused")
  func hidden() async throws {
    let control = try await Self.control(Ownership("a", .model, "7"))
    func code(_ grants: [Grant], _ resources: [ResourceGrant] = []) async throws -> MartletError.Code? {
      do {
        let caller = Caller(.user(1), name: "eve", grants: grants, resources: resources)
        try await control.demand([.register], .edit, of: caller, on: .model("7"))
        return nil
      } catch let error as MartletError { return error.code }
    }
    #expect(try await code([]) == .notFound)
    #expect(try await code([Grant(.dataScientist, in: "b")]) == .notFound)
    #expect(try await code([Grant(.executive, in: "a")]) == .permissionDenied, "the inventory shows it")
    #expect(try await code([Grant(.devops)]) == .permissionDenied)
    #expect(try await code([], [ResourceGrant(.model, "7", .read)]) == .permissionDenied)
    #expect(try await code([Grant(.dataScientist, in: "a")], [ResourceGrant(.model, "7", .deny)]) == .notFound)
    #expect(try await code([], [.makers(.model, "7")]) == .notFound)
    #expect(try await code([Grant(.dataScientist, in: "a")]) == nil)
  }

  @Test("A refusal says what is missing, who has it and how to get it")
  func refusal() {
    let error = Refusal.denied(Caller(.user(1), name: "root", grants: [Grant(.admin)]), [.log], "here")
    #expect(error.code == .permissionDenied)
    #expect(error.message == "root may not log runs and data here")
    #expect(error.cause?.contains("root has the roles: admin everywhere; this needs data-scientist") == true)
    #expect(error.fix == "ask an administrator: martlet user grant root data-scientist")
    // A role elsewhere, and a token without limits.
    let eve = Caller(.user(2), name: "eve", grants: [Grant(.dataScientist, in: "evil")], token: "t")
    let refused = Refusal.denied(eve, [.log], in: "secret")
    #expect(refused.fix == "ask an administrator: martlet user grant eve data-scientist --project secret")
    #expect(refused.cause?.hasPrefix("eve has the roles: data-scientist in evil") == true)
  }
}

@Suite("MLflow's roles") struct ResourceRoleTests {
  private static let root = Author(name: "root", role: "admin")

  @Test("Roles with permissions are made, changed, given and deleted", arguments: TestDatabase.kinds)
  func life(kind: TestDatabase.Kind) async throws {
    let database = try await kind.open()
    let accounts = Accounts.forTests(database: database)
    _ = try await accounts.create("root", password: nil, grants: [Grant(.admin)], by: Self.root)
    _ = try await accounts.create("ada", password: nil, by: Self.root)
    let role = try await accounts.createResourceRole("readers", description: "read", by: Self.root)
    #expect(try await accounts.resourceRoles().map(\.name) == JobRole.allCases.map(\.rawValue) + ["readers"])
    let permission = try await accounts.addPermission(
      ResourceGrant(.experiment, "*", .read), to: role.id, by: Self.root)
    let assignment = try await accounts.assign(role.id, to: "ada", by: Self.root)
    #expect(try await accounts.assign(role.id, to: "ada", by: Self.root) == assignment)
    let owner = Ownership(nil, .experiment, "1")
    #expect(try await accounts.caller(named: "ada").level(on: owner) == .read)
    _ = try await accounts.setLevel(.edit, ofPermission: permission.id, by: Self.root)
    #expect(try await accounts.caller(named: "ada").level(on: owner) == .edit)
    try await accounts.grantPermission(ResourceGrant(.experiment, "1", .deny), to: "ada", by: Self.root)
    #expect(try await accounts.caller(named: "ada").level(on: owner) == .deny)
    try await accounts.revokePermission(.experiment, "1", from: "ada", by: Self.root)
    try await accounts.unassign(role.id, from: "ada", by: Self.root)
    #expect(try await accounts.caller(named: "ada").level(on: owner) == nil)
    try await accounts.deleteResourceRole(role.id, by: Self.root)
    await #expect(throws: MartletError.self) { try await accounts.resourceRole(role.id) }
    await database.close()
  }

  @Test("A maker's permission is told from one that was given, which takes its place", arguments: TestDatabase.kinds)
  func makers(kind: TestDatabase.Kind) async throws {
    let database = try await kind.open()
    let accounts = Accounts.forTests(database: database)
    _ = try await accounts.create("root", password: nil, grants: [Grant(.admin)], by: Self.root)
    _ = try await accounts.create("ada", password: nil, grants: [Grant(.dataScientist)], by: Self.root)
    let ada = try await accounts.caller(named: "ada")
    let creation = Accounts.creation(.experiment, by: ada, author: Self.root)
    try await database.write { try creation($0, "1", Timestamp(milliseconds: 0)) }
    #expect(try await accounts.caller(named: "ada").resources == [.makers(.experiment, "1")])
    #expect(try await database.read { try Accounts.isHeld(.experiment, "1", in: $0) })
    #expect(try await database.read { try !Accounts.isHeld(.experiment, "2", in: $0) })
    _ = try await accounts.revoke(Grant(.dataScientist), from: "ada", by: Self.root)
    let owner = Ownership(nil, .experiment, "1")
    #expect(try await accounts.caller(named: "ada").level(on: owner) == nil)
    try await accounts.grantPermission(ResourceGrant(.experiment, "1", .manage), to: "ada", by: Self.root)
    #expect(try await accounts.caller(named: "ada").level(on: owner) == .manage)
    try await accounts.revokePermission(.experiment, "1", from: "ada", by: Self.root)
    try await accounts.grantPermission(ResourceGrant(.experiment, "1", .deny), to: "ada", by: Self.root)
    #expect(try await database.read { try !Accounts.isHeld(.experiment, "1", in: $0) })
    await database.close()
  }

  @Test("A job role is given everywhere, and cannot be changed", arguments: TestDatabase.kinds)
  func jobRoles(kind: TestDatabase.Kind) async throws {
    let database = try await kind.open()
    let accounts = Accounts.forTests(database: database)
    _ = try await accounts.create("root", password: nil, grants: [Grant(.admin)], by: Self.root)
    _ = try await accounts.create("ada", password: nil, by: Self.root)
    let scientist = ResourceRole(.dataScientist)
    _ = try await accounts.assign(scientist.id, to: "ada", by: Self.root)
    #expect(try await accounts.user("ada").grants == [Grant(.dataScientist)])
    #expect(try await accounts.resourceRoles(of: "ada").map(\.name) == ["data-scientist"])
    #expect(try await accounts.assignments(of: scientist.id).count == 1)
    await #expect(throws: MartletError.self) { try await accounts.deleteResourceRole(scientist.id, by: Self.root) }
    for id in [Int64.min, -1, 0, 10, 999, .max] {
      await #expect { try await accounts.resourceRole(id) } throws: { ($0 as? MartletError)?.code == .notFound }
    }
    try await accounts.unassign(scientist.id, from: "ada", by: Self.root)
    #expect(try await accounts.user("ada").grants.isEmpty)
    await database.close()
  }
}
