package import MartletCore
import MartletLedger
package import MartletStore

/// What is to be live: endpoints, deployments and their transitions. The database is the truth; the scoring plane
/// follows it.
package struct Deployments: Sendable {
  /// Loads a model package in a child process and scores its recorded examples; throws when they differ.
  package typealias Prover = @Sendable (_ packageFolder: String) async throws -> Void

  private let database: any Database
  private let prove: Prover

  package init(database: any Database, prove: @escaping Prover) {
    self.database = database
    self.prove = prove
  }

  // MARK: Reading

  package func endpoints() async throws -> [DeployedEndpoint] {
    try await database.read { try DeploymentStore(connection: $0).endpoints() }
  }

  package func endpoint(_ name: EndpointName) async throws -> DeployedEndpoint {
    try await database.read { try Self.endpoint(name, DeploymentStore(connection: $0)) }
  }

  /// Newest first.
  package func deployments(of endpoint: EndpointName, limit: Int = 100) async throws -> [Deployment] {
    try await database.read { try DeploymentStore(connection: $0).deployments(of: endpoint, limit: limit) }
  }

  package func deployment(_ id: DeploymentID) async throws -> Deployment {
    try await database.read { connection in
      guard let deployment = try DeploymentStore(connection: connection).deployment(id) else {
        throw MartletError.notFound("there is no deployment '\(id.text.prefix(60))'")
      }
      return deployment
    }
  }

  /// What the scoring plane is to serve.
  package func configuration() async throws -> ScoringConfiguration {
    try await database.read { connection in
      let store = DeploymentStore(connection: connection)
      let configured = try store.endpoints().compactMap { $0.configured() }
      return ScoringConfiguration(
        epoch: try store.epoch(), endpoints: configured.map(\.endpoint),
        tables: DeployedEndpoint.mergedTables(configured.flatMap(\.tables)))
    }
  }

  private static func endpoint(_ name: EndpointName, _ store: DeploymentStore) throws -> DeployedEndpoint {
    if let endpoint = try store.endpoint(name) { return endpoint }
    let known = try store.endpoints().map(\.definition.name.text)
    throw MartletError.notFound(
      "there is no endpoint '\(name.text.prefix(60))'\(didYouMean(name.text, among: known))")
  }

  // MARK: Changing

  /// Makes an endpoint, or gives it another definition; what is live stays live. Nothing is written when nothing
  /// changes.
  package func define(_ definition: EndpointDefinition, by author: Author, at time: Timestamp) async throws {
    try definition.validate()
    try await database.write { connection in
      let store = DeploymentStore(connection: connection)
      let before = try store.endpoint(definition.name)
      guard before?.definition != definition else { return }
      if let owner = before?.definition.project, owner != definition.project {
        throw MartletError(
          .conflict, "the endpoint '\(definition.name)' belongs to another project", fix: "choose another name")
      }
      var rollout = before?.rollout ?? Rollout()
      rollout.rung = min(rollout.rung, max(definition.rungs.count - 1, 0))
      try store.save(DeployedEndpoint(definition: definition, rollout: rollout, changedAt: time))
      try store.raiseEpoch()
      try Ledger.append(
        LedgerEntry(
          action: "endpoint.defined", object: "endpoint:\(definition.name)",
          before: before.map { try JSON(snakeCase: $0.definition) }, after: try JSON(snakeCase: definition), reason: nil
        ),
        by: author, at: time, in: connection)
    }
  }

  /// Brings a version to an endpoint: proves it, then makes it champion at once (the first version, and strategy
  /// replace) or challenger at the first rung.
  ///
  /// A version that is on its way, or live, already is not deployed again: its deployment is returned.
  package func start(
    _ version: DeployableVersion, on name: EndpointName, by author: Author, at time: Timestamp
  ) async throws -> Deployment {
    if let same = try await existing(version, on: name) { return same }
    try await prove(version.packageFolder)
    return try await database.write { connection in
      let store = DeploymentStore(connection: connection)
      let before = try Self.endpoint(name, store)
      if let challenger = before.rollout.challenger {
        throw MartletError(
          .conflict, "\(challenger.modelVersion) is still on its way to the endpoint '\(name)'",
          fix: "wait until it is promoted or rolled back, or roll it back")
      }
      let (after, deployment) = Self.started(version, before, author, time)
      try store.insert(deployment)
      try store.save(after)
      try store.raiseEpoch()
      try Self.record("deployment.started", deployment, before, after, author, time, connection)
      if deployment.status == .promoted {
        try Self.record("deployment.promoted", deployment, before, after, author, time, connection)
      }
      return deployment
    }
  }

  private func existing(_ version: DeployableVersion, on name: EndpointName) async throws -> Deployment? {
    try await database.read { connection in
      let store = DeploymentStore(connection: connection)
      let rollout = try Self.endpoint(name, store).rollout
      let isThere = [rollout.challenger ?? rollout.champion].contains { $0?.modelVersion == version.modelVersion }
      guard isThere else { return nil }
      return try store.deployments(of: name, limit: 1000).first {
        $0.version == version.modelVersion && $0.status != .rolledBack
      }
    }
  }

  private static func started(
    _ version: DeployableVersion, _ before: DeployedEndpoint, _ author: Author, _ time: Timestamp
  ) -> (DeployedEndpoint, Deployment) {
    let rungs = before.definition.rungs
    let isAtOnce = before.rollout.champion == nil || rungs.isEmpty
    let deployment = Deployment(
      id: .random(), endpoint: before.definition.name, version: version.modelVersion,
      former: before.rollout.champion?.modelVersion.description, strategy: before.definition.strategy,
      status: isAtOnce ? .promoted : .underWay, rung: 0, share: isAtOnce ? 1 : rungs[0],
      reason: isAtOnce && before.rollout.champion == nil ? "the first version of this endpoint" : nil,
      author: author.name, startedAt: time, endedAt: isAtOnce ? time : nil)
    var after = before
    after.changedAt = time
    after.rollout.epoch += 1
    after.rollout.rung = 0
    if isAtOnce {
      after.rollout.former = before.rollout.champion
      after.rollout.champion = version
    } else {
      after.rollout.challenger = version
      after.rollout.deployment = deployment.id
    }
    return (after, deployment)
  }

  /// Takes the next step of a rollout, when what was observed asks for one. Returns the deployment when it changed.
  package func advance(
    _ name: EndpointName, evidence: Rollout.Evidence, verdict: Rollout.Verdict, by author: Author = .martlet,
    at time: Timestamp
  ) async throws -> Deployment? {
    try await database.write { connection in
      let store = DeploymentStore(connection: connection)
      let before = try Self.endpoint(name, store)
      let step = before.rollout.nextStep(before.definition, evidence, verdict)
      return try Self.take(step, before, store, author, time, connection)
    }
  }

  /// Takes a rollout's next step now, by a person's decision; the gate has been asked by the caller.
  package func promote(_ name: EndpointName, reason: String?, by author: Author, at time: Timestamp) async throws
    -> Deployment
  {
    try await database.write { connection in
      let store = DeploymentStore(connection: connection)
      let before = try Self.endpoint(name, store)
      let step = before.rollout.stepWithoutHold(before.definition)
      guard let deployment = try Self.take(step, before, store, author, time, connection, reason: reason) else {
        throw MartletError(.conflict, "no version is on its way to the endpoint '\(name)'", fix: "deploy one")
      }
      return deployment
    }
  }

  /// Takes a challenger back; without one, returns to the champion's predecessor. By a person's decision.
  package func rollBack(_ name: EndpointName, reason: String, by author: Author, at time: Timestamp) async throws
    -> Deployment
  {
    try await database.write { connection in
      let store = DeploymentStore(connection: connection)
      let before = try Self.endpoint(name, store)
      guard let deployment = try Self.take(.rollBack(reason: reason), before, store, author, time, connection) else {
        throw MartletError(
          .conflict, "there is nothing to roll back at the endpoint '\(name)'",
          cause: "no version is on its way, and no earlier one is known")
      }
      return deployment
    }
  }

  private static func take(
    _ step: Rollout.Step, _ before: DeployedEndpoint, _ store: DeploymentStore, _ author: Author, _ time: Timestamp,
    _ connection: any SQLConnection, reason: String? = nil
  ) throws -> Deployment? {
    guard step != .wait, var deployment = try concerned(before, store) else { return nil }
    var after = before
    after.rollout = before.rollout.after(step)
    after.changedAt = time
    deployment.reason = reason
    let action = apply(step, to: &deployment, before.definition, time)
    try store.update(deployment)
    try store.save(after)
    try store.raiseEpoch()
    try record(action, deployment, before, after, author, time, connection)
    return deployment
  }

  /// The deployment under way, else the champion's own when there is a predecessor to return to.
  private static func concerned(_ endpoint: DeployedEndpoint, _ store: DeploymentStore) throws -> Deployment? {
    if let id = endpoint.rollout.deployment { return try store.deployment(id) }
    guard endpoint.rollout.former != nil, let champion = endpoint.rollout.champion else { return nil }
    return try store.deployments(of: endpoint.definition.name, limit: 1000).first {
      $0.version == champion.modelVersion && $0.status == .promoted
    }
  }

  private static func apply(
    _ step: Rollout.Step, to deployment: inout Deployment, _ definition: EndpointDefinition, _ time: Timestamp
  ) -> String {
    switch step {
    case .wait: return ""
    case .nextRung(let rung):
      deployment.rung = rung
      deployment.share = definition.rungs[rung]
      return "deployment.advanced"
    case .promote:
      deployment.status = .promoted
      deployment.share = 1
      deployment.endedAt = time
      return "deployment.promoted"
    case .rollBack(let reason):
      deployment.status = .rolledBack
      deployment.share = 0
      deployment.reason = reason
      deployment.endedAt = time
      return "deployment.rolled_back"
    }
  }

  private static func record(
    _ action: String, _ deployment: Deployment, _ before: DeployedEndpoint, _ after: DeployedEndpoint,
    _ author: Author, _ time: Timestamp, _ connection: any SQLConnection
  ) throws {
    try Ledger.append(
      LedgerEntry(
        action: action, object: "endpoint:\(deployment.endpoint)", before: summary(before, nil),
        after: summary(after, deployment), reason: deployment.reason),
      by: author, at: time, in: connection)
  }

  /// What the ledger keeps of an endpoint: versions and shares.
  private static func summary(_ endpoint: DeployedEndpoint, _ deployment: Deployment?) -> JSON {
    var members: [String: JSON] = [
      "variants": .array(
        endpoint.variants.map {
          [
            "version": .string($0.modelVersion.description), "share": .double($0.share),
            "role": .string($0.role.rawValue),
          ]
        })
    ]
    if let deployment {
      members["deployment"] = .string(deployment.id.text)
      members["version"] = .string(deployment.version.description)
    }
    return .object(members)
  }

  /// Makes the configuration's number larger than one the scoring plane has from elsewhere.
  func outrun(_ epoch: Int64) async throws {
    try await database.write { connection in
      let store = DeploymentStore(connection: connection)
      if try store.epoch() <= epoch { try store.raiseEpoch(above: epoch) }
    }
  }
}
