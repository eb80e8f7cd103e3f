import MartletCore
import MartletStore

/// Endpoints, rollouts and deployments in the metadata database.
struct DeploymentStore {
  let connection: any SQLConnection

  // MARK: Endpoints

  func endpoint(_ name: EndpointName) throws -> DeployedEndpoint? {
    try connection.first(
      "SELECT definition, rollout, changed_at FROM endpoints WHERE name = ?", [SQLValue(name)], Self.endpoint)
  }

  func endpoints() throws -> [DeployedEndpoint] {
    try connection.rows("SELECT definition, rollout, changed_at FROM endpoints ORDER BY name", [], Self.endpoint)
  }

  private static func endpoint(_ row: SQLRow) throws -> DeployedEndpoint {
    DeployedEndpoint(
      definition: try row.json(0).decode(), rollout: try row.json(1).decode(), changedAt: try row.time(2))
  }

  func save(_ endpoint: DeployedEndpoint) throws {
    try connection.execute(
      """
      INSERT INTO endpoints (name, project, definition, rollout, changed_at) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (name) DO UPDATE SET project = excluded.project, definition = excluded.definition,
        rollout = excluded.rollout, changed_at = excluded.changed_at
      """,
      [
        SQLValue(endpoint.definition.name), SQLValue(endpoint.definition.project),
        SQLValue(try JSON(encoding: endpoint.definition)), SQLValue(try JSON(encoding: endpoint.rollout)),
        SQLValue(endpoint.changedAt),
      ])
  }

  // MARK: The configuration's number

  func epoch() throws -> Int64 {
    try connection.first("SELECT epoch FROM scoring_epochs WHERE id = 1") { try $0.integer(0) } ?? 0
  }

  /// Raises the number to at least `floor + 1`, and always by one.
  @discardableResult
  func raiseEpoch(above floor: Int64 = 0) throws -> Int64 {
    let next = max(try epoch(), floor) + 1
    try connection.execute(
      "INSERT INTO scoring_epochs (id, epoch) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch",
      [.integer(next)])
    return next
  }

  // MARK: Deployments

  func insert(_ deployment: Deployment) throws {
    let endpoint = SQLValue(deployment.endpoint)
    let last = try connection.first("SELECT MAX(sequence) FROM deployments WHERE endpoint = ?", [endpoint]) {
      try $0.optionalInteger(0)
    }
    try connection.execute(
      """
      INSERT INTO deployments (id, endpoint, model, version, former, strategy, status, rung, share, reason, author,
        started_at, ended_at, sequence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        SQLValue(deployment.id), endpoint, SQLValue(deployment.version.model), SQLValue(deployment.version.version),
        SQLValue(deployment.former), .text(deployment.strategy.rawValue), .text(deployment.status.rawValue),
        SQLValue(deployment.rung), .real(deployment.share), SQLValue(deployment.reason), .text(deployment.author),
        SQLValue(deployment.startedAt), SQLValue(deployment.endedAt), .integer(((last ?? nil) ?? 0) + 1),
      ])
  }

  func update(_ deployment: Deployment) throws {
    try connection.execute(
      "UPDATE deployments SET status = ?, rung = ?, share = ?, reason = ?, ended_at = ? WHERE id = ?",
      [
        .text(deployment.status.rawValue), SQLValue(deployment.rung), .real(deployment.share),
        SQLValue(deployment.reason), SQLValue(deployment.endedAt), SQLValue(deployment.id),
      ])
  }

  private static let columns =
    "id, endpoint, model, version, former, strategy, status, rung, share, reason, author, started_at, ended_at"

  func deployment(_ id: DeploymentID) throws -> Deployment? {
    try connection.first(
      "SELECT \(Self.columns) FROM deployments WHERE id = ?", [SQLValue(id)], Self.deployment)
  }

  /// Newest first.
  func deployments(of endpoint: EndpointName, limit: Int) throws -> [Deployment] {
    try connection.rows(
      "SELECT \(Self.columns) FROM deployments WHERE endpoint = ? ORDER BY sequence DESC LIMIT ?",
      [SQLValue(endpoint), SQLValue(limit)], Self.deployment)
  }

  private static func deployment(_ row: SQLRow) throws -> Deployment {
    guard let strategy = EndpointDefinition.Strategy(rawValue: try row.text(5)),
      let status = Deployment.Status(rawValue: try row.text(6))
    else { throw MartletError(.internalError, "a stored deployment has an unknown strategy or status") }
    return Deployment(
      id: try row.identifier(0), endpoint: try row.identifier(1),
      version: ModelVersionID(model: try row.identifier(2), version: try row.int(3)), former: try row.optionalText(4),
      strategy: strategy, status: status, rung: try row.int(7), share: try row.real(8),
      reason: try row.optionalText(9), author: try row.text(10), startedAt: try row.time(11),
      endedAt: try row.optionalTime(12))
  }
}
