import HTTPTypes
import Hummingbird
import MartletAccess
import MartletCore

/// MLflow's roles (W5): the job roles of this server, which cannot be changed, and those that clients make.
extension MLflowRoutes {
  func addRoleRoutes(to endpoints: Endpoints<Context>) {
    let accounts = control.accounts
    endpoints.post("roles/create", needs: .administrator) { call in
      let name = try call.fields.text("name")
      try Self.checkWorkspace(try call.fields.required("workspace"))
      let role = try await accounts.createResourceRole(
        name, description: try call.fields.optional("description"), by: call.author)
      return WireWriter(["role": role.wire])
    }
    endpoints.get("roles/get", needs: .administrator) { call in
      WireWriter(["role": try await accounts.resourceRole(try call.fields.requiredInteger("role_id")).wire])
    }
    endpoints.get("roles/list", needs: .administrator) { call in
      let asked = try call.fields.texts("workspace")
      let isHere = asked.isEmpty || asked.contains(ResourceRole.workspace)
      return WireWriter(["roles": .array(isHere ? try await accounts.resourceRoles().map(\.wire) : [])])
    }
    endpoints.on(.patch, "roles/update", needs: .administrator) { call in
      let (name, description) = (try call.fields.optional("name"), try call.fields.optional("description"))
      guard name != nil || description != nil else {
        throw MartletError.invalidInput(
          "At least one of 'name' or 'description' must be provided to update a role.")
      }
      let role = try await accounts.updateResourceRole(
        try call.fields.requiredInteger("role_id"), name: name, description: description, by: call.author)
      return WireWriter(["role": role.wire])
    }
    endpoints.on(.delete, "roles/delete", needs: .administrator) { call in
      try await accounts.deleteResourceRole(try call.fields.requiredInteger("role_id"), by: call.author)
      return .empty
    }
  }

  private static func checkWorkspace(_ name: String) throws {
    guard name == ResourceRole.workspace else {
      throw MartletError.notFound("Workspace '\(name.prefix(60))' not found; this server has only 'default'")
    }
  }

  func addRolePermissionRoutes(to endpoints: Endpoints<Context>) {
    let accounts = control.accounts
    endpoints.post("roles/permissions/add", needs: .administrator) { call in
      let fields = call.fields
      let grant = ResourceGrant(
        try ResourceKind(written: try fields.required("resource_type")), try fields.required("resource_pattern"),
        try AccessLevel(grantable: try fields.required("permission")))
      let added = try await accounts.addPermission(
        grant, to: try fields.requiredInteger("role_id"), by: call.author)
      return WireWriter(["role_permission": added.wire])
    }
    endpoints.on(.delete, "roles/permissions/remove", needs: .administrator) { call in
      try await accounts.removePermission(try call.fields.requiredInteger("role_permission_id"), by: call.author)
      return .empty
    }
    endpoints.get("roles/permissions/list", needs: .administrator) { call in
      let role = try await accounts.resourceRole(try call.fields.requiredInteger("role_id"))
      return WireWriter(["role_permissions": .array(role.permissions.map(\.wire))])
    }
    endpoints.on(.patch, "roles/permissions/update", needs: .administrator) { call in
      let changed = try await accounts.setLevel(
        try AccessLevel(grantable: try call.fields.required("permission")),
        ofPermission: try call.fields.requiredInteger("role_permission_id"), by: call.author)
      return WireWriter(["role_permission": changed.wire])
    }
  }

  func addAssignmentRoutes(to endpoints: Endpoints<Context>) {
    let accounts = control.accounts
    endpoints.post("roles/assign", needs: .administrator) { call in
      let assignment = try await accounts.assign(
        try call.fields.requiredInteger("role_id"), to: try call.fields.required("username"), by: call.author)
      return WireWriter(["assignment": assignment.wire])
    }
    endpoints.on(.delete, "roles/unassign", needs: .administrator) { call in
      try await accounts.unassign(
        try call.fields.requiredInteger("role_id"), from: try call.fields.required("username"), by: call.author)
      return .empty
    }
    endpoints.get("users/roles/list", needs: .signedIn) { call in
      let name = try call.fields.required("username")
      try call.gate.demandSelfOrAdministrator(name)
      return WireWriter(["roles": .array(try await accounts.resourceRoles(of: name).map(\.wire))])
    }
    endpoints.get("roles/users/list", needs: .administrator) { call in
      let found = try await accounts.assignments(of: try call.fields.requiredInteger("role_id"))
      return WireWriter(["assignments": .array(found.map(\.wire))])
    }
  }
}

extension ResourceRole {
  var wire: JSON {
    [
      "id": .integer(id), "name": .string(name), "workspace": .string(Self.workspace),
      "description": description.map(JSON.string) ?? .null, "permissions": .array(permissions.map(\.wire)),
    ]
  }
}

extension RolePermission {
  fileprivate var wire: JSON {
    [
      "id": .integer(id), "role_id": .integer(role), "resource_type": .string(grant.kind.rawValue),
      "resource_pattern": .string(grant.pattern), "permission": .string(grant.level.rawValue),
    ]
  }
}

extension RoleAssignment {
  fileprivate var wire: JSON { ["id": .integer(id), "user_id": .integer(user), "role_id": .integer(role)] }
}
