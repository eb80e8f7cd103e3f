import MartletCore

/// A role as MLflow knows it: a set of permissions on experiments and models. The job roles are shown as such, and
/// cannot be changed; those that MLflow's clients make are beside them.
package struct ResourceRole: Sendable, Hashable {
  /// 1 to 9 are the job roles, in the table's order.
  package var id: Int64
  package var name: String
  package var description: String?
  package var permissions: [RolePermission]

  package init(id: Int64, name: String, description: String?, permissions: [RolePermission]) {
    self.id = id
    self.name = name
    self.description = description
    self.permissions = permissions
  }

  /// MLflow's only workspace here.
  package static let workspace = "default"
  /// Ids of roles and permissions that are kept in the database start above those of the job roles.
  static let firstKept: Int64 = 1000

  /// What a job role amounts to on experiments and models.
  package init(_ role: JobRole) {
    let number = Int64(JobRole.allCases.firstIndex(of: role) ?? 0) + 1
    id = number
    name = role.rawValue
    description = role.summary
    let read: AccessLevel? = role.permissions.contains(.read) ? .read : nil
    let experiment: AccessLevel? =
      role.permissions.contains(.gates) ? .manage : role.permissions.contains(.log) ? .edit : read
    let model: AccessLevel? =
      role.permissions.contains(.gates) ? .manage : role.permissions.contains(.register) ? .edit : read
    let levels = [(ResourceKind.experiment, experiment), (.model, model)].enumerated()
    permissions = levels.compactMap { place, entry in
      entry.1.map {
        RolePermission(id: number * 10 + Int64(place), role: number, grant: ResourceGrant(entry.0, "*", $0))
      }
    }
  }

  package static var jobRoles: [ResourceRole] { JobRole.allCases.map { ResourceRole($0) } }

  /// The job role with that id; nil for every other.
  package static func jobRole(_ id: Int64) -> JobRole? {
    (1...Int64(JobRole.allCases.count)).contains(id) ? JobRole.allCases[Int(id) - 1] : nil
  }
}

/// One permission of a role.
package struct RolePermission: Sendable, Hashable {
  package var id: Int64
  package var role: Int64
  package var grant: ResourceGrant
}

/// That a user has a role.
package struct RoleAssignment: Sendable, Hashable {
  package var id: Int64
  package var user: Int64
  package var role: Int64
}
