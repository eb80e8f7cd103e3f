/// What somebody may do: one column of the table of people and permissions.
package enum Permission: String, Sendable, Hashable, Codable, CaseIterable {
  /// Goals, value and the inventory of what is live.
  case overview
  case read
  /// Runs, artifacts and data.
  case log
  /// Labels, outcomes and feedback.
  case label
  /// Pipelines and project code.
  case run
  case register
  /// To look over a colleague's version; never one's own.
  case review
  case approveBusiness = "approve:business"
  case approveData = "approve:data"
  case approveTechnical = "approve:technical"
  case approveOperations = "approve:operations"
  case approveRisk = "approve:risk"
  /// To keep a version from going live.
  case block
  case deployStaging = "deploy:staging"
  /// Versions that passed their gates and sign-offs.
  case deploy
  /// To take back what is live.
  case stop
  case policies
  case gates
  case users
  case export

  /// In words, for messages and tables.
  package var words: String {
    switch self {
    case .overview: "see goals, value and the inventory"
    case .read: "read"
    case .log: "log runs and data"
    case .label: "give labels and feedback"
    case .run: "run pipelines"
    case .register: "register models"
    case .review: "review a colleague's version"
    case .approveBusiness: "give the business sign-off"
    case .approveData: "give the data sign-off"
    case .approveTechnical: "give the technical sign-off"
    case .approveOperations: "give the operations sign-off"
    case .approveRisk: "give the risk sign-off"
    case .block: "block a version"
    case .deployStaging: "deploy to staging"
    case .deploy: "deploy approved versions"
    case .stop: "stop what is live"
    case .policies: "change policies"
    case .gates: "change gates"
    case .users: "change users and their roles"
    case .export: "export the audit trail"
    }
  }
}
