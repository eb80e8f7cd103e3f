import HTTPTypes
import MartletAccess
import MartletCore

/// Users, the roles they have, and the table of what roles may do.
struct AccountRoutes: APIRoutes {
  let accounts: Accounts

  var routes: [APIRoute] {
    [list, create, get, remove, grant, revoke, setPassword, shut("disable", true), shut("enable", false), listRoles]
  }

  private var list: APIRoute {
    APIRoute(
      .get, "/users", "listUsers", "Everybody with an account, and their roles",
      needs: .to(.users, on: .somewhere), response: .json(.page(of: Self.user))
    ) { _ in
      .items(try await accounts.users().map(Self.json))
    }
  }

  private var create: APIRoute {
    APIRoute(
      .post, "/users", "createUser", "Create an account; one without a password uses tokens only",
      needs: .to(.users, on: .everywhere),
      body: .json(
        .object(["name": .text, "password": .text, "roles": .array(Self.grant)], required: ["name"])),
      response: .created(Self.user)
    ) { request in
      let grants = try (request.json["roles"]?.array ?? []).map(Self.grant)
      return .json(
        Self.json(
          try await accounts.create(
            request.json["name"]?.string ?? "", password: request.json["password"]?.string, grants: grants,
            by: request.author)))
    }
  }

  private var get: APIRoute {
    APIRoute(.get, "/users/{user}", "getUser", "One account", needs: .signedIn, response: .json(Self.user)) {
      request in
      let name = try request.parameter("user")
      guard request.isSelf(name) || request.caller.maySomewhere(.users) else {
        throw Refusal.denied(request.caller, [.users], "everywhere")
      }
      return .json(Self.json(try await accounts.user(name)))
    }
  }

  private var remove: APIRoute {
    APIRoute(
      .delete, "/users/{user}", "deleteUser", "Delete an account with its roles and tokens; the ledger keeps the name",
      needs: .to(.users, on: .everywhere), response: .noContent
    ) { request in
      try await accounts.delete(try request.parameter("user"), by: request.author)
      return .empty
    }
  }

  private var grant: APIRoute {
    APIRoute(
      .post, "/users/{user}/roles", "grantRole", "Give a role, in one project or everywhere", needs: .signedIn,
      body: .json(Self.grant), response: .json(Self.user)
    ) { request in
      let grant = try Self.grant(request.json)
      return .json(
        Self.json(
          try await accounts.grant(
            grant, to: try request.parameter("user"), by: try request.userManager(in: grant.project))))
    }
  }

  private var revoke: APIRoute {
    APIRoute(
      .delete, "/users/{user}/roles/{role}", "revokeRole", "Take a role away", needs: .signedIn,
      query: [APIParameter("project", .text, "the project that it was given in; everywhere unless told")],
      response: .json(Self.user)
    ) { request in
      let project = request.text(query: "project").map { ProjectName($0) }
      let grant = Grant(try JobRole(named: try request.parameter("role")), in: project)
      return .json(
        Self.json(
          try await accounts.revoke(
            grant, from: try request.parameter("user"), by: try request.userManager(in: project))))
    }
  }

  private var setPassword: APIRoute {
    APIRoute(
      .put, "/users/{user}/password", "setPassword",
      "Set a password; one's own with the current one. All sessions of the user end", needs: .signedIn,
      body: .json(.object(["password": .text, "current": .text], required: ["password"])), response: .noContent
    ) { request in
      let name = try request.parameter("user")
      try await request.demandPassword(request.json["current"]?.string, of: name, accounts)
      try await accounts.setPassword(request.json["password"]?.string ?? "", of: name, by: request.author)
      return .empty
    }
  }

  private func shut(_ verb: String, _ disabled: Bool) -> APIRoute {
    APIRoute(
      .post, "/users/{user}/\(verb)", "\(verb)User",
      disabled ? "Shut an account out; its sessions end, its tokens rest" : "Let an account in again",
      needs: .to(.users, on: .everywhere), response: .json(Self.user)
    ) { request in
      .json(Self.json(try await accounts.setDisabled(disabled, try request.parameter("user"), by: request.author)))
    }
  }

  private var listRoles: APIRoute {
    APIRoute(
      .get, "/roles", "listRoles", "The roles, and what each may do", needs: .signedIn,
      response: .json(.page(of: Self.role))
    ) { _ in
      .items(
        JobRole.allCases.map { role in
          [
            "name": .string(role.rawValue), "summary": .string(role.summary),
            "permissions": .array(
              Permission.allCases.filter(role.permissions.contains).map { .string($0.rawValue) }),
          ]
        })
    }
  }

  // MARK: Shapes

  static func json(_ user: User) -> JSON {
    [
      "name": .string(user.name), "disabled": .boolean(user.isDisabled), "created": .string(user.createdAt.description),
      "roles": .array(user.grants.map(json)),
    ]
  }

  static func json(_ grant: Grant) -> JSON {
    var json: [String: JSON] = ["role": .string(grant.role.rawValue)]
    json["project"] = grant.project.map { .string($0.text) }
    return .object(json)
  }

  private static func grant(_ json: JSON) throws -> Grant {
    let project = json["project"]?.string.flatMap { $0.isEmpty || $0 == "*" ? nil : ProjectName($0) }
    if let project, project.text.utf8.count > 200 { throw MartletError.invalidInput("no project has so long a name") }
    return Grant(try JobRole(named: json["role"]?.string ?? ""), in: project)
  }

  private static let grant = APISchema.object(["role": .text, "project": .text], required: ["role"])
  private static let user = APISchema.named(
    "User",
    .object(
      ["name": .text, "disabled": .boolean, "created": .time, "roles": .array(grant)],
      required: ["name", "disabled", "roles"]))
  private static let role = APISchema.named(
    "Role",
    .object(
      ["name": .text, "summary": .text, "permissions": .array(.text)], required: ["name", "summary", "permissions"]))
}

extension APIRequest {
  /// Whether the caller is this user, with all of the user's rights: a narrowed token is not.
  func isSelf(_ name: String) -> Bool {
    caller.userID != nil && caller.name == name && caller.limits == Caller.Limits()
  }

  /// As the ledger names whoever manages users there.
  func userManager(in project: ProjectName?) throws -> Author {
    guard caller.may(.users, in: project) else {
      throw Refusal.denied(caller, [.users], in: project)
    }
    return caller.author(as: caller.role(for: .users, in: project), requestID: author.requestID)
  }

  /// A password is changed by its owner, who gives the current one, or by who manages users.
  func demandPassword(_ current: String?, of name: String, _ accounts: Accounts) async throws {
    if isSelf(name), let current {
      guard try await accounts.isPassword(current, of: name, from: peer) else {
        throw MartletError(
          .permissionDenied, "the current password is not right", fix: "ask an administrator for a new one")
      }
      return
    }
    if isSelf(name), !caller.mayEverywhere(.users) {
      throw MartletError.invalidInput("the current password is missing", fix: "give it beside the new one")
    }
    _ = try userManager(in: nil)
  }
}
