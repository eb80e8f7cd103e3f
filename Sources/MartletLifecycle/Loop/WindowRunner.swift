import Foundation
import MartletCore
import MartletFeatures
import MartletGovernance
import MartletJobs
import MartletModels
import MartletMonitoring
import MartletRegistry
import MartletServing

/// Measures a window of an endpoint's predictions, judges its rules, and raises alerts.
struct WindowRunner: Sendable {
  let platform: Platform
  let project: ProjectName
  let definition: MonitorDefinition
  let decision: DecisionMatrix?

  /// - Parameter now: event time; only outcomes known by then count.
  func run(from: Timestamp, to: Timestamp, phase: MonitorPhase, now: Timestamp) async throws -> MonitorVerdict {
    guard let live = try await liveVersion() else {
      return MonitorVerdict(endpoint: definition.endpoint, from: from, to: to, phase: phase, findings: [])
    }
    var measures = try await measure(live, from, to, phase, now)
    measures.service.modelAgeDays = live.trainedAt.map { (to - $0).inSeconds / 86_400 }
    measures.service.featureAgeSeconds = try await featureAges(live.package, at: now)
    let verdict = try await judge(measures, training: live.version.metrics, from, to, phase)
    try await platform.monitors.record(measures, verdict)
    for finding in verdict.findings { try await raise(finding, at: now) }
    return verdict
  }

  private struct Live {
    var version: ModelVersion
    var package: ModelPackage
    var folder: String
    var trainedAt: Timestamp?
  }

  private func liveVersion() async throws -> Live? {
    let endpoint = try await platform.deployments.endpoint(definition.endpoint)
    guard let champion = endpoint.rollout.champion else { return nil }
    let version = try await platform.registry.version(champion.modelVersion)
    let folder = "\(platform.dataFolder)/\(champion.packageFolder)"
    let deployments = try await platform.deployments.deployments(of: definition.endpoint)
    let started = deployments.first { $0.version == champion.modelVersion && $0.status == .promoted }?.startedAt
    return Live(version: version, package: try ModelPackage.load(from: folder), folder: folder, trainedAt: started)
  }

  /// How old the newest value of each feature view is that the model joins.
  private func featureAges(_ package: ModelPackage, at now: Timestamp) async throws -> [String: Double] {
    let joined = Set(package.features.map(\.view))
    return try await platform.features.freshness(of: project).reduce(into: [:]) { ages, view in
      guard joined.contains(view.view), let latest = view.latest else { return }
      ages[view.view] = max(0, (now - latest).inSeconds)
    }
  }

  private func measure(_ live: Live, _ from: Timestamp, _ to: Timestamp, _ phase: MonitorPhase, _ now: Timestamp)
    async throws -> WindowMeasures
  {
    try await withScratch(in: platform.scratch) { folder in
      let predictions = "\(folder)/predictions.parquet"
      let columns = live.package.fields.map { CompactJob.Column($0.name, $0.type.columnKind) }
      let result = try await platform.windows.write(
        definition.endpoint, from: from, to: to, outcomesKnownBy: now, columns: columns, output: predictions)
      let reference = "\(live.folder)/\(StepBodies.referenceName)"
      guard result.predictions > 0, FileManager.default.fileExists(atPath: reference) else {
        return WindowMeasures(
          rows: result.predictions, rowsByVersion: [:], columns: [], prediction: nil,
          service: ServiceMeasures(latencyP50Milliseconds: 0, latencyP99Milliseconds: 0, notFinite: 0))
      }
      let job = WindowJob(
        predictions: predictions, reference: reference, folders: [folder, live.folder],
        columns: definition.driftColumns ?? Self.comparable(live.package), decision: decision,
        withQuality: phase == .quality, seed: 7)
      return try await platform.jobs.run(WindowJob.kind, job, returning: WindowMeasures.self)
    }
  }

  /// Every input but moments in time: those are always later than the reference's.
  private static func comparable(_ package: ModelPackage) -> [String] {
    package.fields.filter { $0.type != .datetime }.map(\.name)
  }

  private func judge(
    _ measures: WindowMeasures, training: [String: Double], _ from: Timestamp, _ to: Timestamp, _ phase: MonitorPhase
  ) async throws -> MonitorVerdict {
    let earlier = try await platform.monitors.windows(of: definition.endpoint, limit: 100).filter { $0.from < from }
    var findings: [MonitorFinding] = []
    for rule in definition.rules where measures.rows > 0 {
      let expression = try GateExpression.parse(rule.when)
      let (rulePhase, kind) = rule.meaning(expression)
      guard rulePhase == phase else { continue }
      let line = expression.evaluate(GateFacts(measures, training: training))
      guard line.isMet else { continue }
      let before = earlier.prefix(rule.windows - 1)
      let held = before.allSatisfy { expression.evaluate(GateFacts($0.measures, training: training)).isMet }
      guard before.count == rule.windows - 1, held else { continue }
      findings.append(MonitorFinding(rule: rule, kind: kind, reason: reason(line, measures, from, to)))
    }
    return MonitorVerdict(endpoint: definition.endpoint, from: from, to: to, phase: phase, findings: findings)
  }

  /// The compared values, the window, and the columns that moved most.
  private func reason(_ line: GateLineResult, _ measures: WindowMeasures, _ from: Timestamp, _ to: Timestamp) -> String
  {
    let moved = measures.columns.filter(\.drifted).sorted { $0.psi > $1.psi }.prefix(3).map(\.column)
    let columns = moved.isEmpty ? "" : "; moved most: \(moved.joined(separator: ", "))"
    return "\(line.text) (\(line.explanation)) in \(from.day) to \(to.day), \(measures.rows) predictions\(columns)"
  }

  private func raise(_ finding: MonitorFinding, at time: Timestamp) async throws {
    _ = try await platform.alerts.raise(
      project: project, subject: "endpoint:\(definition.endpoint)", kind: finding.kind, severity: finding.rule.severity,
      owner: finding.rule.owner, reason: finding.reason, key: "\(project)/\(definition.endpoint)/\(finding.rule.when)",
      at: time)
  }
}
