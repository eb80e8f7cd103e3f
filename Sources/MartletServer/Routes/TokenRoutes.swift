import HTTPTypes
import MartletAccess
import MartletCore

/// API tokens: for programs, and for the command line.
struct TokenRoutes: APIRoutes {
  let accounts: Accounts
  let clock: WallClock

  var routes: [APIRoute] { [list, create, revoke] }

  private var list: APIRoute {
    APIRoute(
      .get, "/tokens", "listTokens", "One's own tokens; those of others for administrators", needs: .signedIn,
      query: [
        APIParameter("user", .text, "of this user"), APIParameter("all", .boolean, "of everybody"),
      ], response: .json(.page(of: Self.token))
    ) { request in
      let own = request.caller.isLocal ? nil : request.caller.name
      let name = request.flag(query: "all") ? nil : request.text(query: "user") ?? own
      if !request.caller.isLocal, name != own { _ = try request.userManager(in: nil) }
      return .items(try await accounts.tokens(of: name).map { json($0) })
    }
  }

  private var create: APIRoute {
    APIRoute(
      .post, "/tokens", "createToken", "Make a token; its text is in this answer and nowhere else", needs: .signedIn,
      body: .json(
        .object(
          [
            "name": .text, "permissions": .array(.text), "project": .text,
            "seconds": .integer(minimum: 1, maximum: Int64(Accounts.longestLife.inSeconds)), "user": .text,
          ], required: ["name"])), response: .created(Self.token)
    ) { request in
      let owner = request.json["user"]?.string ?? request.caller.name
      try await demandOwner(owner, request)
      let life = request.json["seconds"]?.integer ?? 90 * 86_400
      let (token, secret) = try await accounts.createToken(
        request.json["name"]?.string ?? "", of: owner, limits: try Self.limits(request.json), life: .seconds(life),
        by: request.author)
      var json = json(token).object ?? [:]
      json["token"] = .string(secret)
      return .json(.object(json))
    }
  }

  /// Only a user with all of its rights makes tokens, so that none is wider than the one it was made with. For accounts
  /// without a password an administrator does; nobody acts in the name of somebody who can sign in.
  private func demandOwner(_ owner: String, _ request: APIRequest) async throws {
    if request.isSelf(owner) { return }
    let isManager = request.caller.limits == Caller.Limits() && request.caller.mayEverywhere(.users)
    if isManager, try await !accounts.user(owner).hasPassword { return }
    throw MartletError(
      .permissionDenied, "\(request.caller.name) may not make a token for \(owner.prefix(64))",
      cause: isManager ? "\(owner.prefix(64)) has a password, and signs in itself" : "it is for its owner alone",
      fix: "sign in as \(owner.prefix(64)): martlet login --name \(owner.prefix(64))")
  }

  private var revoke: APIRoute {
    APIRoute(
      .delete, "/tokens/{token}", "revokeToken", "Revoke a token; it holds no longer from the next request on",
      needs: .signedIn, response: .noContent
    ) { request in
      let id = try request.parameter("token")
      let isOwn = request.caller.token == id
      if !isOwn {
        let token = try? await accounts.token(id)
        guard request.caller.mayEverywhere(.users) || token.map({ request.isSelf($0.user) }) == true else {
          throw Refusal.denied(request.caller, [.users], "everywhere")
        }
      }
      try await accounts.revokeToken(id, by: request.author)
      return .empty
    }
  }

  // MARK: Shapes

  private static func limits(_ json: JSON) throws -> Caller.Limits {
    let permissions = try json["permissions"]?.array.map { names in
      Set(
        try names.map { name -> Permission in
          guard let permission = name.string.flatMap(Permission.init(rawValue:)) else {
            let known = Permission.allCases.map(\.rawValue)
            let text = String(name.string?.prefix(60) ?? "")
            throw MartletError.invalidInput(
              "there is no permission '\(text)'\(didYouMean(text, among: known))",
              fix: "the permissions are \(known.joined(separator: ", "))")
          }
          return permission
        })
    }
    return Caller.Limits(permissions: permissions, project: json["project"]?.string.map { ProjectName($0) })
  }

  private func json(_ token: APIToken) -> JSON {
    var json: [String: JSON] = [
      "id": .string(token.id), "user": .string(token.user), "name": .string(token.name),
      "created": .string(token.createdAt.description), "expires": .string(token.expiresAt.description),
      "expired": .boolean(token.expiresAt <= clock.now),
    ]
    json["project"] = token.limits.project.map { .string($0.text) }
    json["permissions"] = token.limits.permissions.map { held in
      .array(Permission.allCases.filter(held.contains).map { .string($0.rawValue) })
    }
    return .object(json)
  }

  private static let token = APISchema.named(
    "Token",
    .object(
      [
        "id": .text, "user": .text, "name": .text, "token": .text, "permissions": .array(.text), "project": .text,
        "created": .time, "expires": .time, "expired": .boolean,
      ], required: ["id", "user", "name", "created", "expires"]))
}
