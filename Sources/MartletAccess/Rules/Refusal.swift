package import MartletCore

/// Why somebody may not: what is missing, who has it, and how to get it.
package enum Refusal {
  /// Nobody said who they are, or with something that does not hold.
  package static let unauthenticated = MartletError(
    .unauthenticated, "this server needs to know who you are",
    fix:
      "sign in at /sign-in, run 'martlet login', or set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
  )

  /// - Parameters:
  ///   - permissions: any one of these would do.
  ///   - place: where: `here`, `everywhere`.
  package static func denied(_ caller: Caller, _ permissions: [Permission], _ place: String) -> MartletError {
    denied(caller, permissions, place, asking: "")
  }

  /// - Parameter project: where; nil: everywhere.
  package static func denied(_ caller: Caller, _ permissions: [Permission], in project: ProjectName?) -> MartletError {
    guard let project else { return denied(caller, permissions, "everywhere") }
    return denied(caller, permissions, "in the project \(project)", asking: " --project \(project)")
  }

  private static func denied(
    _ caller: Caller, _ permissions: [Permission], _ place: String, asking option: String
  ) -> MartletError {
    let what = permissions.map(\.words).joined(separator: " or ")
    let roles = JobRole.allCases.filter { !$0.permissions.isDisjoint(with: permissions) }
    let isLimited =
      caller.limits != Caller.Limits()
      && caller.grants.contains { !$0.role.permissions.isDisjoint(with: permissions) }
    let held = caller.grants.map(\.words).sorted().joined(separator: ", ")
    let cause =
      isLimited
      ? "the token is limited to less than its owner may do"
      : "\(caller.name) has \(held.isEmpty ? "no role" : "the roles: \(held)"); this needs "
        + roles.map(\.rawValue).joined(separator: " or ")
    let fix =
      isLimited
      ? "use a token with wider limits: martlet token create --help"
      : "ask an administrator: martlet user grant \(caller.name) \(roles.first { $0 != .admin }?.rawValue ?? "admin")\(option)"
    return MartletError(.permissionDenied, "\(caller.name) may not \(what) \(place)", cause: cause, fix: fix)
  }

  /// What somebody may not see is answered as what is not there, in MLflow's words where it has some.
  package static func hidden(_ subject: Subject) -> MartletError {
    switch subject {
    case .server: .notFound("there is nothing here")
    case .project(let name): .notFound("there is no project '\(name.text.prefix(64))'")
    case .experiment(let id): .notFound("No Experiment with id=\(id.text.prefix(80)) exists")
    case .experimentNamed(let name):
      .notFound("there is no experiment '\(name.prefix(100))'", fix: "martlet experiments list shows them")
    case .run(let id): .notFound("Run with id=\(id.text.prefix(80)) not found")
    case .loggedModel(let id): .notFound("Logged model with ID '\(id.prefix(80))' not found.")
    case .model(let name): .notFound("Registered Model with name=\(name.text.prefix(200)) not found")
    case .endpoint(let name): .notFound("there is no endpoint '\(name.text.prefix(60))'")
    case .pipelineRun(let id): .notFound("there is no pipeline run '\(id.text.prefix(60))'")
    case .alert(let id): .notFound("there is no alert '\(id.text.prefix(60))'")
    case .notification(let id): .notFound("there is no notification '\(id.prefix(60))'")
    }
  }
}
