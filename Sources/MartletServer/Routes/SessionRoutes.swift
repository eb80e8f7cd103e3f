import HTTPTypes
import MartletAccess
import MartletCore
import MartletWeb

/// Signing in and out, who one is, and the first administrator.
struct SessionRoutes: APIRoutes {
  let accounts: Accounts
  let mode: AccessMode

  var routes: [APIRoute] { [whoAmI, signIn, signOut, setUp] }

  private var whoAmI: APIRoute {
    APIRoute(
      .get, "/whoami", "whoAmI", "Who asks, with which roles", needs: .signedIn, response: .json(Self.caller)
    ) { request in
      .json(json(request.caller))
    }
  }

  private var signIn: APIRoute {
    APIRoute(
      .post, "/sessions", "signIn", "Check a name and password; the answer sets a cookie", needs: .open,
      body: .json(.object(["name": .text, "password": .text], required: ["name", "password"])),
      response: .created(Self.caller)
    ) { request in
      let credentials = Credentials.basic(
        name: request.json["name"]?.string ?? "", password: request.json["password"]?.string ?? "")
      guard mode.isOn else { throw Self.isOff }
      let caller = try await accounts.caller(credentials, from: request.peer)
      var answer = APIResponse.json(json(caller))
      answer.cookie = SessionCookie.setting(try await accounts.openSession(for: caller.name), mode)
      return answer
    }
  }

  private var signOut: APIRoute {
    APIRoute(.delete, "/sessions", "signOut", "End the session", needs: .signedIn, response: .noContent) { request in
      if let session = request.session { try await accounts.closeSession(session, by: request.author) }
      var answer = APIResponse.empty
      answer.cookie = SessionCookie.clearing(mode)
      return answer
    }
  }

  private var setUp: APIRoute {
    APIRoute(
      .post, "/setup", "setUp", "Create the first administrator with the token that the server printed", needs: .open,
      body: .json(
        .object(["token": .text, "name": .text, "password": .text], required: ["token", "name", "password"])),
      response: .created(.any)
    ) { request in
      guard mode.isOn else { throw Self.isOff }
      return .json(
        AccountRoutes.json(
          try await accounts.setUp(
            request.json["name"]?.string ?? "", password: request.json["password"]?.string ?? "",
            token: request.json["token"]?.string ?? "", from: request.peer)))
    }
  }

  private static let isOff = MartletError(
    .conflict, "this server asks nobody who they are", cause: "it was started without authentication",
    fix: "start it with: martlet up --auth")

  private func json(_ caller: Caller) -> JSON {
    var json: [String: JSON] = [
      "name": .string(caller.name), "authenticated": .boolean(!caller.isLocal && !caller.isAnonymous),
      "roles": .array(caller.grants.map(AccountRoutes.json)),
      "permissions": .array(Permission.allCases.filter(caller.maySomewhere).map { .string($0.rawValue) }),
    ]
    json["token"] = caller.token.map(JSON.string)
    json["project"] = caller.limits.project.map { .string($0.text) }
    return .object(json)
  }

  private static let caller = APISchema.named(
    "Caller",
    .object(
      [
        "name": .text, "authenticated": .boolean,
        "roles": .array(.object(["role": .text, "project": .text], required: ["role"])),
        "permissions": .array(.text), "token": .text, "project": .text,
      ], required: ["name", "authenticated", "roles", "permissions"]))
}
