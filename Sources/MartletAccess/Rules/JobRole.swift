package import MartletCore

/// What somebody's work is: one row of the table of people and permissions. The raw values are stable names.
package enum JobRole: String, Sendable, Hashable, Codable, CaseIterable {
  case subjectMatterExpert = "subject-matter-expert"
  case dataScientist = "data-scientist"
  case dataEngineer = "data-engineer"
  case softwareEngineer = "software-engineer"
  case devops
  case riskManager = "risk-manager"
  case mlArchitect = "ml-architect"
  case executive
  case admin

  /// The one table of who may do what; the API, the command line, the pages and the tests all read it.
  package var permissions: Set<Permission> {
    switch self {
    case .subjectMatterExpert: [.overview, .read, .label, .approveBusiness]
    case .dataScientist: [.overview, .read, .log, .label, .run, .register, .review]
    case .dataEngineer: [.overview, .read, .log, .label, .run, .approveData]
    case .softwareEngineer: [.overview, .read, .log, .label, .run, .deployStaging]
    case .devops: [.overview, .read, .run, .approveOperations, .deployStaging, .deploy, .stop]
    case .riskManager: [.overview, .read, .approveRisk, .block, .stop, .policies, .export]
    case .mlArchitect:
      [.overview, .read, .log, .label, .run, .register, .approveTechnical, .deployStaging, .gates]
    case .executive: [.overview]
    case .admin: [.overview, .read, .policies, .users, .export]
    }
  }

  package var summary: String {
    switch self {
    case .subjectMatterExpert: "Knows the subject: labels, feedback, the business sign-off."
    case .dataScientist: "Explores, trains and registers models; reviews those of others."
    case .dataEngineer: "Brings and prepares data, runs pipelines, gives the data sign-off."
    case .softwareEngineer: "Builds with models: runs pipelines, deploys to staging."
    case .devops: "Runs pipelines, deploys what is approved, stops it, gives the operations sign-off."
    case .riskManager:
      "Reads everything, gives or refuses the risk sign-off, stops, sets policies, exports the audit trail."
    case .mlArchitect: "Trains and registers, sets gates, gives the technical sign-off, deploys to staging."
    case .executive: "Sees goals, value and the inventory."
    case .admin: "Manages users and policies; logs no runs and signs nothing off."
    }
  }

  /// The role of that name, or an error that says which there are.
  package init(named name: String) throws {
    guard let role = JobRole(rawValue: name) else {
      let names = Self.allCases.map(\.rawValue)
      throw MartletError.invalidInput(
        "there is no role '\(name.prefix(60))'\(didYouMean(name, among: names))",
        fix: "the roles are \(names.joined(separator: ", "))")
    }
    self = role
  }

  /// Roles that hold a permission, in the table's order.
  package static func holding(_ permission: Permission) -> [JobRole] {
    allCases.filter { $0.permissions.contains(permission) }
  }
}

/// A role that somebody has in one project, or everywhere.
package struct Grant: Sendable, Hashable, Codable {
  package var role: JobRole
  /// Nil: everywhere.
  package var project: ProjectName?

  package init(_ role: JobRole, in project: ProjectName? = nil) {
    self.role = role
    self.project = project
  }

  /// `data-scientist in flight-delay`, `admin everywhere`
  package var words: String { project.map { "\(role.rawValue) in \($0)" } ?? "\(role.rawValue) everywhere" }
}
