import Foundation
import Logging
import MartletArtifacts
import MartletCore
import MartletData
import MartletFeatures
import MartletGovernance
import MartletLedger
import MartletLifecycle
import MartletModels
import MartletMonitoring
import MartletPipelines
import MartletRegistry
import MartletServing
import MartletStatistics
import MartletTracking
import Testing

@testable import MartletWeb

/// What tests of pages look at: one small project with something of everything.
extension PageWorld {
  static let project = ProjectName("flight-delay")
  static let dataset = DatasetKey(project: project, name: "flights")

  /// Everything except data, which needs DuckDB.
  static func furnished() async throws -> PageWorld {
    let world = try await PageWorld()
    try await world.addProject()
    let run = try await world.addRuns()
    try await world.addModel(from: run)
    try await world.addEndpoint()
    try await world.addAlerts()
    try await world.platform.ledger.seal()
    return world
  }

  private static let projectFile = """
    martlet: 1
    project: flight-delay
    charter:
      problem: Tell rebooking desks which flights will be late
      owner: operations@example.com
      objectives:
        - {objective: Fewer missed connections, key_result: missed_per_1000, target: 8.0, from: 11.5}
      decision:
        action: rebook
        unit: USD
        gain: {true_positive: 120, false_positive: -35, false_negative: -180, true_negative: 0}
    params: {days: 90}
    steps:
      count: {run: "echo counting rows; echo 336776 > ${out.rows}", out: {rows: rows.txt}}
      check: {run: "echo reading ${count.rows}; echo the file is empty >&2; exit 3"}
      report: {run: "cat ${count.rows}", needs: [check]}
    """

  private func addProject() async throws {
    let files = try ProjectFiles(texts: ["martlet.yaml": Self.projectFile, "sql/airport.sql": "select 1"])
    _ = try await platform.projects.put(
      ProjectSnapshot(files: files, commit: "0123456789abcdef0123456789abcdef01234567"), by: author, at: now)
  }

  /// A pipeline run whose second step fails.
  func addPipelineRun() async throws -> PipelineRun {
    let time = now
    let runner = PipelineRunner(
      projects: platform.projects, runs: platform.pipelineRuns, artifacts: platform.artifacts, jobs: platform.jobs,
      bodies: [.run: CommandStep().body], facts: { _, _, _ in [:] }, eventTime: { _ in time },
      settings: RunnerSettings(folder: platform.dataFolder + "/pipelines", slots: 1, wall: platform.clock),
      onFinish: { _ in },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let admission = try await runner.start(
      PipelineRunRequest(project: Self.project, reason: "to see it", author: author))
    guard let run = admission.run else { throw MartletError(.internalError, "the run was not admitted") }
    return try await runner.wait(run.id)
  }

  /// A search with two trials; returns the better one.
  private func addRuns() async throws -> RunID {
    let tracker = platform.tracker
    let experiment = try await tracker.ensureExperiment(of: Self.project, by: author) { _, _ in }
    let search = try await tracker.createRun(NewRun(experiment: experiment, name: "search", user: "ada"), by: author)
    var last = search.id
    for (number, auc) in [0.7012, 0.7134].enumerated() {
      let trial = try await tracker.createRun(
        NewRun(
          experiment: experiment, name: "trial-\(number)", user: "ada",
          tags: [KeyValue("mlflow.parentRunId", search.id.text), KeyValue("mlflow.note.content", "<b>careful</b>")]),
        by: author)
      let course = (0..<30).map { step in
        Metric(
          key: "loss", value: 0.7 / Double(step + 2) + 0.4, timestamp: now.milliseconds + Int64(step), step: Int64(step)
        )
      }
      try await tracker.logBatch(
        trial.id, metrics: course + [Metric(key: "roc_auc", value: auc, timestamp: now.milliseconds)],
        params: [KeyValue("leaves", number == 0 ? "15" : "31"), KeyValue("engine", "lightgbm")])
      try await tracker.endRun(trial.id, as: .finished, by: author)
      last = trial.id
    }
    let blob = try await platform.artifacts.put(bytes: Array("tree\n".utf8))
    try await tracker.putArtifact("model/model.txt", of: last, digest: blob.digest, size: blob.size)
    try await tracker.endRun(search.id, as: .finished, by: author)
    return last
  }

  private func addModel(from run: RunID) async throws {
    for number in 1...2 {
      let blob = try await platform.artifacts.put(bytes: Array("tree \(number)\n".utf8))
      _ = try await platform.registry.createVersion(
        NewModelVersion(
          model: "flight-delay", source: "runs:/\(run)/model", run: run,
          description: number == 2 ? "More weather." : nil,
          files: [ModelFile(path: "model.txt", digest: blob.digest, size: blob.size)], signature: Self.signature,
          lineage: try lineage(of: run, champion: number == 2),
          metrics: ["roc_auc": 0.70 + Double(number) / 100, "value_per_1000": -21_034],
          project: Self.project), by: author)
    }
    try await platform.registry.setAlias("champion", to: ModelVersionID(model: "flight-delay", version: 2), by: author)
    try await platform.gates.record(
      GateResult(
        gate: "quality",
        lines: [
          GateLineResult(
            text: "roc_auc >= 0.60", state: .holds, left: 0.71, right: 0.6, explanation: "roc_auc is 0.71"),
          GateLineResult(
            text: "pr_auc >= champion.pr_auc - 0.002 at 95%", state: .fails, left: 0.41, right: 0.44,
            explanation: "the difference is surely below"),
        ]), on: "run:\(run)", by: author, at: now)
  }

  private static let signature: JSON = [
    "inputs": [
      ["name": "carrier", "type": "string", "required": true],
      ["name": "wind_speed", "type": "double", "required": false],
    ],
    "outputs": [["name": "score", "type": "double"]],
  ]

  private func lineage(of run: RunID, champion: Bool) throws -> JSON {
    let digest = try #require(Digest(hex: String(repeating: "ab", count: 32)))
    let facts = ModelLineage(
      project: Self.project, projectVersion: 1, commit: "0123456789abcdef", isDirty: true, pipelineRun: "cafe0123",
      run: run,
      data: [.init(dataset: "flights", version: "feed0123", rows: 336_776)], features: ["airport_weather"],
      sources: [.init(path: "martlet.yaml", digest: digest)], parameters: ["leaves": 31],
      environment: ["martlet": "test"],
      steps: ["train (train)"])
    var members = try #require(try JSON(encoding: facts).object)
    members["importance"] = [["column": "origin_recent_delay", "share": 0.4], ["column": "hour", "share": 0.25]]
    members["evaluation"] = try evaluation(run, champion: champion)
    return .object(members)
  }

  /// What an evaluate step writes, made of 400 rows.
  private func evaluation(_ run: RunID, champion: Bool) throws -> JSON {
    let decision = DecisionMatrix(
      truePositive: 120, falsePositive: -35, falseNegative: -180, trueNegative: 0, unit: "USD")
    let labels = (0..<400).map { $0 % 4 == 0 }
    func scores(_ noise: Int) -> [Double] {
      labels.enumerated().map { ($1 ? 0.4 : 0.2) + Double($0 * noise % 37) / 100 }
    }
    func measured(_ noise: Int) throws -> JSON {
      let carriers = labels.indices.map { ["UA", "B6", "DL"][$0 % 3] }
      return try JSON(
        encoding: try BinaryEvaluation(
          labels: labels, scores: scores(noise), decision: decision, slices: ["carrier": carriers],
          bootstrap: Bootstrap(resamples: 50, seed: 1)))
    }
    var members: [String: JSON] = [
      "run": .string(run.text), "rows": 400, "candidate": try measured(7), "baselines": ["constant": try measured(36)],
      "reference": .string(String(repeating: "cd", count: 32)),
    ]
    if champion {
      members["champion"] = try measured(11)
      members["championVersion"] = try JSON(encoding: ModelVersionID(model: "flight-delay", version: 1))
      members["paired"] = [
        "pr_auc": try JSON(encoding: Interval(estimate: 0.01, lower: 0.002, upper: 0.018, level: 0.95))
      ]
    }
    return .object(members)
  }

  /// Version 1 live, version 2 promoted over it, version 3 rolled back; eight windows.
  private func addEndpoint() async throws {
    let deployments = Deployments(database: platform.database) { _ in }
    let name = EndpointName("flight-delay")
    try await deployments.define(
      EndpointDefinition(
        name: name, project: Self.project, strategy: .canary, traffic: [0.1, 1], holdRequests: 10,
        rollback: ["missing_rate(any feature) < 20%"]), by: author, at: now - .seconds(60 * 86_400))
    func deploy(_ number: Int, _ day: Int, passes: Bool, reason: String = "") async throws {
      let time = now - .seconds((60 - day) * 86_400)
      _ = try await deployments.start(
        DeployableVersion(
          modelVersion: ModelVersionID(model: "flight-delay", version: number), packageFolder: "models/x"), on: name,
        by: author, at: time)
      for _ in 0..<2 {
        _ = try await deployments.advance(
          name, evidence: .init(answeredRows: 100, challengerRows: 100), verdict: .init(passes: passes, reason: reason),
          at: time + .seconds(86_400))
      }
    }
    try await deploy(1, 0, passes: true)
    try await deploy(2, 20, passes: true)
    try await deploy(3, 40, passes: false, reason: "missing_rate(any feature) < 20%: air_time is missing in 100 %")
    for week in 0..<8 { try await addWindow(week, of: name) }
  }

  private func addWindow(_ week: Int, of endpoint: EndpointName) async throws {
    let from = now - .seconds((60 - week * 7) * 86_400)
    let to = from + .seconds(7 * 86_400)
    let drifts = week == 5
    let columns = [
      ColumnDrift(
        column: "wind_speed", psi: drifts ? 0.31 : 0.02, test: "wasserstein", statistic: drifts ? 0.24 : 0.03,
        threshold: 0.1,
        missingShare: 0.01, referenceMissingShare: 0.01, mean: 9.5, referenceMean: 10.1)
    ]
    let quality =
      week == 7
      ? nil
      : QualityMeasures(
        labelled: 5900, positiveShare: 0.22,
        metrics: [
          "roc_auc": 0.71 - Double(week) / 200, "pr_auc": 0.44, "brier": 0.151,
          "value_per_1000": -21_000 - Double(week) * 300,
        ],
        intervals: ["roc_auc": [0.69, 0.72]])
    let measures = WindowMeasures(
      rows: 6134, rowsByVersion: ["flight-delay@1": 6134], columns: columns, prediction: columns[0],
      service: ServiceMeasures(
        latencyP50Milliseconds: 0.4, latencyP99Milliseconds: 2.1, notFinite: 0, modelAgeDays: 12), quality: quality)
    let findings =
      drifts
      ? [
        MonitorFinding(
          rule: AlertRule(when: "psi(prediction) > 0.25"), kind: "drift", reason: "psi(prediction) is 0.31")
      ] : []
    try await platform.monitors.record(
      measures, MonitorVerdict(endpoint: endpoint, from: from, to: to, phase: .inputs, findings: findings))
  }

  private func addAlerts() async throws {
    _ = try await platform.alerts.raise(
      project: Self.project, subject: "endpoint:flight-delay", kind: "drift", severity: .warn, owner: "ops@example.com",
      reason: "psi(prediction) is 0.31 <script>alert(1)</script>", key: "a", at: now)
  }
}
