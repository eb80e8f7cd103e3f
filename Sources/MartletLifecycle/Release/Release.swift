package import MartletCore
import MartletGovernance
import MartletModels
import MartletMonitoring
package import MartletPipelines
import MartletRegistry
package import MartletServing

/// Brings registered versions to endpoints and, rung by rung, to all of the traffic; or takes them back.
package struct Release: Sendable {
  let platform: Platform

  package init(platform: Platform) { self.platform = platform }

  /// Lays out the model, proves it in a child process, and starts its deployment.
  package func start(
    _ id: ModelVersionID, on endpoint: EndpointName, project: ProjectName, by author: Author, at time: Timestamp
  ) async throws -> Deployment {
    let version = try await platform.registry.version(id)
    let deployable = try await DeployableVersion(
      version, project: project, dataFolder: platform.dataFolder, files: ModelFolder(artifacts: platform.artifacts))
    let deployment = try await platform.deployments.start(deployable, on: endpoint, by: author, at: time)
    if deployment.status == .promoted { try await crown(id, by: author) }
    try await platform.scoring.reconcile()
    return deployment
  }

  /// Takes the next step of a rollout when the counters and the live gate ask for one.
  package func advance(_ endpoint: EndpointName, file: ProjectFile, at time: Timestamp) async throws -> Deployment? {
    let deployed = try await platform.deployments.endpoint(endpoint)
    guard let challenger = deployed.rollout.challenger else { return nil }
    let state = try await platform.scoring.reconcile()
    guard let counted = state.endpoints.first(where: { $0.name == endpoint }) else { return nil }
    let counts =
      counted.epoch == deployed.rollout.epoch
      ? counted.variants.first { $0.modelVersion == challenger.modelVersion }?.counts : nil
    let verdict = try judge(deployed, counts ?? VariantCounts(), gate: file.endpoint(endpoint.text)?.rollbackGate)
    let changed = try await platform.deployments.advance(
      endpoint, evidence: Rollout.Evidence(counted, of: deployed.rollout), verdict: verdict.verdict, at: time)
    guard let changed else { return nil }
    if changed.status == .promoted { try await crown(challenger.modelVersion, by: .martlet) }
    if changed.status == .rolledBack { try await report(changed, verdict.result, deployed, time) }
    try await platform.scoring.reconcile()
    return changed
  }

  /// Returns to the champion by a person's decision.
  package func rollBack(_ endpoint: EndpointName, reason: String, by author: Author, at time: Timestamp) async throws
    -> Deployment
  {
    let deployment = try await platform.deployments.rollBack(endpoint, reason: reason, by: author, at: time)
    try await platform.scoring.reconcile()
    return deployment
  }

  private func judge(_ deployed: DeployedEndpoint, _ counts: VariantCounts, gate: String?) throws
    -> (verdict: Rollout.Verdict, result: GateResult)
  {
    let facts = GateFacts(counts)
    let result = try Gate.evaluate(
      gate ?? "live", lines: counts.rows == 0 ? [] : deployed.definition.rollback, facts: facts)
    let reasons =
      result.failures.map { "\($0.text): \($0.explanation)" }
      + result.unmeasured.map { "\($0.text): unmeasured, \($0.explanation)" }
    let verdict = Rollout.Verdict(
      passes: result.passed, isUndecided: result.isUndecided, reason: reasons.joined(separator: "; "))
    return (verdict, result)
  }

  private func report(_ deployment: Deployment, _ result: GateResult, _ deployed: DeployedEndpoint, _ time: Timestamp)
    async throws
  {
    try await platform.gates.record(
      result, on: "endpoint:\(deployment.endpoint)", of: deployed.definition.project, by: .martlet, at: time)
    _ = try await platform.alerts.raise(
      project: deployed.definition.project, subject: "endpoint:\(deployment.endpoint)", kind: "rollback",
      severity: .error,
      owner: nil, reason: "\(deployment.version) was rolled back: \(deployment.reason ?? "its gate failed")",
      key: "rollback/\(deployment.id)", at: time)
  }

  /// The version that is live is found by this alias, by MLflow clients as well.
  private func crown(_ id: ModelVersionID, by author: Author) async throws {
    try await platform.registry.setAlias(StepBodies.championAlias, to: id, by: author)
  }
}

extension GateFacts {
  /// What a live gate can ask of a variant's counters.
  init(_ counts: VariantCounts) {
    var metrics: [String: Double] = ["error_rate": counts.errorRate ?? 0, "requests": Double(counts.requests)]
    metrics["fallback_rate"] = counts.rows > 0 ? Double(counts.fallbacks) / Double(counts.rows) : 0
    metrics["latency_p50_ms"] = counts.latencyMilliseconds(at: 0.5)
    metrics["latency_p99_ms"] = counts.latencyMilliseconds(at: 0.99)
    self.init(candidate: metrics, columns: [.missingRate: counts.missingRates])
  }
}
