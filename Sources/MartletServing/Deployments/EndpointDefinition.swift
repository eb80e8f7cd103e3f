package import MartletCore

/// What a project says about one of its endpoints.
package struct EndpointDefinition: Sendable, Hashable, Codable {
  /// How a new version takes over.
  package enum Strategy: String, Sendable, Hashable, Codable, CaseIterable {
    /// At once.
    case replace
    /// By growing shares of the traffic, each held until enough requests went well.
    case canary
    /// After scoring the same requests in the shadow of the champion.
    case shadow
  }

  package var name: EndpointName
  package var project: ProjectName
  package var strategy: Strategy
  /// Shares of the traffic a canary gets, rising, 0…1. Unused by other strategies.
  package var traffic: [Double]
  /// Rows the endpoint has to answer at each rung before the next; in the shadow, rows the shadow has to score.
  package var holdRequests: Int
  /// Lines of the gate that must hold all the while, in the gate language; empty when nothing is asked.
  package var rollback: [String]
  package var log: ScoringConfiguration.LogPolicy

  package init(
    name: EndpointName, project: ProjectName, strategy: Strategy = .replace, traffic: [Double] = [],
    holdRequests: Int = 0, rollback: [String] = [], log: ScoringConfiguration.LogPolicy = .init()
  ) {
    self.name = name
    self.project = project
    self.strategy = strategy
    self.traffic = traffic
    self.holdRequests = holdRequests
    self.rollback = rollback
    self.log = log
  }

  /// The shares a new version goes through: a canary's traffic, always ending with everything.
  var rungs: [Double] {
    switch strategy {
    case .replace: []
    case .shadow: [0]
    case .canary: traffic.last == 1 ? traffic : traffic + [1]
    }
  }

  func validate() throws {
    guard EndpointPath.isValid(name.text) else {
      throw MartletError.invalidInput("'\(name.text.prefix(60))' cannot be an endpoint's name")
    }
    let rises = zip(traffic, traffic.dropFirst()).allSatisfy { $0 < $1 }
    guard traffic.allSatisfy({ $0 > 0 && $0 <= 1 }), rises else {
      throw MartletError.invalidInput(
        "the traffic of the endpoint '\(name)' does not rise from above 0 to 100 %", fix: "such as [10%, 50%, 100%]")
    }
    guard strategy != .canary || !traffic.isEmpty else {
      throw MartletError.invalidInput(
        "the canary of the endpoint '\(name)' has no traffic", fix: "add traffic: [10%, 50%, 100%]")
    }
    guard holdRequests >= 0 else { throw MartletError.invalidInput("'hold' of the endpoint '\(name)' is negative") }
  }
}

/// A model version with what it needs in order to be served.
package struct DeployableVersion: Sendable, Hashable, Codable {
  package var modelVersion: ModelVersionID
  /// The model package's folder, relative to the data directory.
  package var packageFolder: String
  /// The online features it reads, and the tables they come from.
  package var features: [ScoringConfiguration.FeatureJoin]
  package var tables: [OnlineTableDefinition]

  package init(
    modelVersion: ModelVersionID, packageFolder: String, features: [ScoringConfiguration.FeatureJoin] = [],
    tables: [OnlineTableDefinition] = []
  ) {
    self.modelVersion = modelVersion
    self.packageFolder = packageFolder
    self.features = features
    self.tables = tables
  }
}
