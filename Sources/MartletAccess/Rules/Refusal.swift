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
  ///   - place: where: `in the project flight-delay`, `everywhere`.
  package static func denied(_ caller: Caller, _ permissions: [Permission], _ place: String) -> MartletError {
    let what = permissions.map(\.words).joined(separator: " or ")
    let roles = JobRole.allCases.filter { !$0.permissions.isDisjoint(with: permissions) }
    let isLimited = caller.grants.contains { !$0.role.permissions.isDisjoint(with: permissions) } && caller.token != nil
    let held = caller.grants.map(\.words).sorted().joined(separator: ", ")
    let cause =
      isLimited
      ? "the token is limited to less than its owner may do"
      : "\(caller.name) has \(held.isEmpty ? "no role" : "the roles: \(held)"); this needs "
        + roles.map(\.rawValue).joined(separator: " or ")
    let fix =
      isLimited
      ? "use a token with wider limits: martlet token create --help"
      : "ask an administrator: martlet user grant \(caller.name) \(roles.first { $0 != .admin }?.rawValue ?? "admin")"
    return MartletError(.permissionDenied, "\(caller.name) may not \(what) \(place)", cause: cause, fix: fix)
  }

  /// MLflow's DENY on one thing.
  package static func denied(_ caller: Caller, _ kind: ResourceKind, _ id: String) -> MartletError {
    MartletError(
      .permissionDenied, "\(caller.name) may not use the \(kind.rawValue.replacing("_", with: " ")) \(id.prefix(200))",
      cause: "a permission of MLflow's kind denies it", fix: "ask whoever manages it")
  }
}
