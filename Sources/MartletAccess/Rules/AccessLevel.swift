import MartletCore

/// MLflow's permissions on one experiment or registered model (mlflow/server/auth/permissions.py); each holds those
/// before it, and `deny` takes away what anything else gives.
package enum AccessLevel: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
  case deny = "DENY"
  case none = "NO_PERMISSIONS"
  case read = "READ"
  case use = "USE"
  case edit = "EDIT"
  case manage = "MANAGE"

  package static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  /// A level that can be granted.
  package init(grantable text: String) throws {
    guard let level = AccessLevel(rawValue: text), level != .none else {
      throw MartletError.invalidInput(
        "Invalid permission '\(text.prefix(60))'. Valid permissions are: READ, USE, EDIT, MANAGE, DENY")
    }
    self = level
  }
}

/// The kinds of things that MLflow's permissions can name here.
package enum ResourceKind: String, Sendable, Hashable, Codable, CaseIterable {
  case experiment
  case model = "registered_model"

  /// What a job role needs to make one.
  package var making: Permission {
    switch self {
    case .experiment: .log
    case .model: .register
    }
  }

  package init(written text: String) throws {
    guard let kind = ResourceKind(rawValue: text) else {
      throw MartletError.invalidInput(
        "Invalid resource type '\(text.prefix(60))'. This server keeps permissions on: "
          + Self.allCases.map(\.rawValue).joined(separator: ", "))
    }
    self = kind
  }
}

/// One of MLflow's permissions: a level on one experiment or model, or on all of a kind.
package struct ResourceGrant: Sendable, Hashable {
  package var kind: ResourceKind
  /// An experiment's id or a model's name; `*` for all.
  package var pattern: String
  package var level: AccessLevel
  /// Its holder has it for having made the thing, and was not given it.
  package var isMakers: Bool

  package init(_ kind: ResourceKind, _ pattern: String, _ level: AccessLevel, isMakers: Bool = false) {
    self.kind = kind
    self.pattern = pattern
    self.level = level
    self.isMakers = isMakers
  }

  /// MANAGE on what somebody made.
  package static func makers(_ kind: ResourceKind, _ id: String) -> ResourceGrant {
    ResourceGrant(kind, id, .manage, isMakers: true)
  }

  package func covers(_ kind: ResourceKind, _ id: String) -> Bool {
    self.kind == kind && (pattern == "*" || pattern == id)
  }
}
