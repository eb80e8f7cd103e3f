import HTTPTypes
import Hummingbird
import MartletAccess
import MartletCore

/// MLflow's users and their own permissions (W5, mlflow/server/auth), over the accounts and job roles of this server.
extension MLflowRoutes {
  func addAuthRoutes(to router: some RouterMethods<Context>) {
    let second = Endpoints(["/api/2.0/mlflow", "/ajax-api/2.0/mlflow"], on: router, gate: gate)
    let third = Endpoints(["/api/3.0/mlflow", "/ajax-api/3.0/mlflow"], on: router, gate: gate)
    addUserRoutes(to: second)
    addUserChangeRoutes(to: second)
    addUserPermissionRoutes(to: third)
    addRoleRoutes(to: third)
    addRolePermissionRoutes(to: third)
    addAssignmentRoutes(to: third)
  }

  private func addUserRoutes(to endpoints: Endpoints<Context>) {
    let accounts = control.accounts
    endpoints.post("users/create", needs: .administrator) { call in
      let name = try call.fields.text("username")
      let password = try call.fields.text("password")
      guard !name.isEmpty, !password.isEmpty else {
        throw MartletError.invalidInput("Username and password cannot be empty.")
      }
      let user = try await accounts.create(name, password: password, by: call.author)
      return WireWriter(["user": user.wire])
    }
    endpoints.get("users/get", needs: .signedIn) { call in
      let name = try call.fields.required("username")
      try call.gate.demandSelfOrAdministrator(name)
      return WireWriter(["user": try await accounts.user(name).wire])
    }
    endpoints.get("users/list", needs: .administrator) { _ in
      var users: [JSON] = []
      for user in try await accounts.users() {
        var json = user.wire.object ?? [:]
        json["roles"] = .array(try await accounts.resourceRoles(of: user.name).map(\.wire))
        users.append(.object(json))
      }
      return WireWriter(["users": .array(users)])
    }
    endpoints.get("users/current", needs: .signedIn) { call in
      let caller = call.gate.caller
      let user: JSON = [
        "id": .integer(caller.userID ?? 0), "username": .string(caller.name),
        "is_admin": .boolean(caller.isAdmin || caller.isLocal),
      ]
      return WireWriter(["user": user, "is_basic_auth": .boolean(!caller.isLocal)])
    }
  }

  private func addUserChangeRoutes(to endpoints: Endpoints<Context>) {
    let accounts = control.accounts
    endpoints.on(.patch, "users/update-password", needs: .signedIn) { call in
      let name = try call.fields.required("username")
      let password = try call.fields.required("password")
      try call.gate.demandSelfOrAdministrator(name)
      if name == call.gate.caller.name {
        let current = try call.fields.text("current_password")
        guard !current.isEmpty else {
          throw MartletError.invalidInput("Current password is required when changing your own password.")
        }
        guard try await accounts.isPassword(current, of: name, from: "password change of \(name)") else {
          throw MartletError.invalidInput("Current password does not match.")
        }
        guard password != current else {
          throw MartletError.invalidInput("New password must differ from the current password.")
        }
      }
      try await accounts.setPassword(password, of: name, by: call.author)
      return .empty
    }
    endpoints.on(.patch, "users/update-admin", needs: .administrator) { call in
      let name = try call.fields.required("username")
      guard let isAdmin = try call.fields.boolean("is_admin") else { throw call.fields.missing("is_admin") }
      let user = try await accounts.user(name)
      if isAdmin {
        _ = try await accounts.grant(Grant(.admin), to: name, by: call.author)
      } else if user.isAdmin {
        _ = try await accounts.revoke(Grant(.admin), from: name, by: call.author)
      }
      return .empty
    }
    endpoints.on(.delete, "users/delete", needs: .administrator) { call in
      let name = try call.fields.required("username")
      guard name != call.gate.caller.name else {
        throw WireError(
          .badRequest, "BAD_REQUEST",
          "Users cannot delete their own account. Ask another admin to delete this user instead.")
      }
      try await accounts.delete(name, by: call.author)
      return .empty
    }
  }

  private func addUserPermissionRoutes(to endpoints: Endpoints<Context>) {
    let accounts = control.accounts
    endpoints.get("users/current/permissions", needs: .signedIn) { call in
      guard call.gate.caller.userID != nil else { return WireWriter(["is_admin": true, "permissions": []]) }
      return WireWriter(try await permissions(of: call.gate.caller.name))
    }
    endpoints.get("users/permissions/list", needs: .signedIn) { call in
      let name = try call.fields.required("username")
      try call.gate.demandSelfOrAdministrator(name)
      return WireWriter(try await permissions(of: name))
    }
    endpoints.post("users/permissions/grant", needs: .signedIn) { call in
      let (name, kind, id) = try call.permissionTarget()
      let level = try AccessLevel(grantable: try call.fields.required("permission"))
      let author = try await demandManage(kind, id, call.gate)
      try await accounts.grantPermission(ResourceGrant(kind, id, level), to: name, by: author)
      return .empty
    }
    endpoints.post("users/permissions/revoke", needs: .signedIn) { call in
      let (name, kind, id) = try call.permissionTarget()
      let author = try await demandManage(kind, id, call.gate)
      try await accounts.revokePermission(kind, id, from: name, by: author)
      return .empty
    }
    endpoints.get("users/permissions/get", needs: .signedIn) { call in
      let (name, kind, id) = try call.permissionTarget()
      if name != call.gate.caller.name { _ = try await demandManage(kind, id, call.gate) }
      let level = try await call.gate.control.effectiveLevel(kind, id, of: try await accounts.caller(named: name))
      return WireWriter(["allowed": .boolean(level >= .use), "permission": .string(level.rawValue)])
    }
  }

  private func permissions(of name: String) async throws -> JSON {
    let user = try await control.accounts.user(name)
    let rows = try await control.accounts.resourceRoles(of: name).flatMap { role in
      role.permissions.map { permission -> JSON in
        [
          "role_id": .integer(role.id), "role_name": .string(role.name), "workspace": .string(ResourceRole.workspace),
          "resource_type": .string(permission.grant.kind.rawValue),
          "resource_pattern": .string(permission.grant.pattern), "permission": .string(permission.grant.level.rawValue),
        ]
      }
    }
    return ["is_admin": .boolean(user.isAdmin), "permissions": .array(rows)]
  }

  /// Permissions on one thing are handed on by those who manage it, and by those who manage users.
  func demandManage(_ kind: ResourceKind, _ id: String, _ gate: WireGate) async throws -> Author {
    let subject: Subject =
      id == "*" ? .server : kind == .experiment ? .experiment(ExperimentID(id)) : .model(ModelName(id))
    return try await gate.control.demand(
      [.users, .gates], .manage, of: gate.caller, on: subject, requestID: gate.requestID)
  }
}

extension WireGate {
  /// Users see and change themselves; others are for administrators. A token with limits of its own is no self.
  func demandSelfOrAdministrator(_ name: String) throws {
    if caller.isLocal || caller.mayEverywhere(.users) { return }
    guard caller.userID != nil, caller.name == name, caller.limits == Caller.Limits() else {
      throw Refusal.denied(caller, [.users], "everywhere")
    }
  }
}

extension WireCall {
  fileprivate func permissionTarget() throws -> (name: String, kind: ResourceKind, id: String) {
    (
      try fields.required("username"), try ResourceKind(written: try fields.required("resource_type")),
      try fields.required("resource_id")
    )
  }
}

extension User {
  fileprivate var wire: JSON {
    ["id": .integer(id), "username": .string(name), "is_admin": .boolean(isAdmin)]
  }
}
