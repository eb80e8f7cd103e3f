import MartletArtifacts
import MartletCore
import MartletGovernance
import MartletLifecycle
import MartletModels
import MartletRegistry
import MartletServing
import MartletStatistics

/// One version of a model: how good it is beside what else there is, what let it through, and where it came from.
struct VersionPage {
  /// Everything that the page shows.
  struct Content {
    var version: ModelVersion
    var evidence: VersionEvidence
    /// The model that it is a version of.
    var model: RegisteredModel
    var gates: [GateRecord] = []
    var deployments: [Deployment] = []
    /// Uploaded files behind the data that it was trained on.
    var uploads: [LineageDrawing.Upload] = []
    /// Of the charter's decision.
    var unit: String?
  }

  var name: String
  var standing: StandingForms
  var badges: String
  var summary: String
  var description: String?
  var facts: String
  var comparison: String?
  var paired: String?
  var gates: [GateCard]
  var calibration: String?
  var importance: String?
  var slices: [SliceTable]
  var deployments: String?
  var lineage: String?
  var sources: String?
  var signature: String
  var environment: String
  var files: String

  init(_ content: Content) {
    let version = content.version
    let evaluation = content.evidence.evaluation
    name = "\(version.id.model) version \(version.id.version)"
    standing = StandingForms(version, of: content.model)
    badges =
      (version.aliases.sorted().map { Badge($0, .live) }
      + (version.stage == .none ? [] : [Badge(version.stage.rawValue)]))
      .map(\.html).joined(separator: " ")
    summary = "registered \(shortTime(version.creationTime)) by \(version.createdBy)"
    description = version.description.flatMap { $0.isEmpty ? nil : $0 }
    facts = Self.facts(content).html
    comparison =
      evaluation.map { EvaluationComparison($0, unit: content.unit).table.html }
      ?? Self.metrics(version, unit: content.unit)
    paired = evaluation.flatMap { EvaluationComparison($0, unit: content.unit).figure }
    gates = content.gates.map(GateCard.init)
    calibration = evaluation.flatMap { Self.calibration($0.candidate, champion: $0.champion) }
    importance = Self.importance(content.evidence.importance)
    slices = evaluation.map { SliceTable.tables($0.candidate, unit: content.unit) } ?? []
    deployments = Self.deployments(content.deployments)
    lineage = content.evidence.lineage.map {
      LineageDrawing(version.id, $0, uploads: content.uploads, deployments: content.deployments).svg
    }
    sources = content.evidence.lineage.map { Self.sources($0).html }
    signature = Self.signature(version.signature).html
    environment = Self.environment(content).html
    files = Self.files(version).html
  }

  private static func facts(_ content: Content) -> Facts {
    let version = content.version
    var facts = Facts()
    if let run = version.run { facts.add("Run", String(run.text.prefix(8)), link: ObjectLink.run(run)) }
    if let lineage = content.evidence.lineage {
      facts.add("Pipeline run", String(lineage.pipelineRun.text.prefix(8)), link: "/pipelines/\(lineage.pipelineRun)")
      facts.add("Project", "\(lineage.project), version \(lineage.projectVersion)")
      facts.add(
        "Commit", lineage.commit.map { String($0.prefix(12)) + (lineage.isDirty ? " with uncommitted changes" : "") })
    }
    facts.add("Source", version.source)
    facts.add("Size", readableSize(version.size))
    facts.add("SHA-256", code: version.checksum?.hex)
    for (key, value) in version.tags.sorted(by: { $0.key < $1.key }) { facts.add(key, value) }
    return facts
  }

  private static func metrics(_ version: ModelVersion, unit: String?) -> String? {
    guard !version.metrics.isEmpty else { return nil }
    return Table(
      "Metrics", columns: [.init("Metric"), .number("Value")],
      rows: metricOrder(version.metrics.keys).map { key in
        Table.Row([
          .text(metricName(key, unit: unit)), Cell(html: version.metrics[key].map { metricValue(key, $0) } ?? "–"),
        ])
      }
    ).html
  }

  private static func importance(_ entries: [VersionEvidence.Importance]) -> String? {
    guard !entries.isEmpty else { return nil }
    let shown = entries.sorted { $0.share > $1.share }
    let chart = BarChart(title: "Share of the gain by input", bars: shown.prefix(20).map { .init($0.column, $0.share) })
    let table = Table(
      "Feature importance", columns: [.init("Input"), .number("Share of the gain")],
      rows: shown.map { Table.Row([.code($0.column), .share($0.share)]) })
    return Figure(
      title: "What it looks at", svg: chart.svg,
      summary: "Share of all splits' gain in training, the largest first"
        + (shown.count > 20 ? ", 20 of \(shown.count)" : "") + ".", table: table
    ).html
  }

  private static func calibration(_ candidate: BinaryEvaluation, champion: BinaryEvaluation?) -> String? {
    guard candidate.calibration.count > 1 else { return nil }
    func points(_ evaluation: BinaryEvaluation) -> [(x: Double, y: Double)] {
      evaluation.calibration.filter { $0.count > 0 }.map { ($0.meanPredicted, $0.observedRate) }
    }
    let most = points(candidate).flatMap { [$0.x, $0.y] }.max() ?? 1
    var series: [LineChart.Series] = [
      .init("this version", points(candidate)), .init("perfect", [(0, 0), (most, most)]),
    ]
    if let champion { series.append(.init("champion", points(champion))) }
    let chart = LineChart(
      title: "Calibration: how often it happened against what was predicted", series: series, includesZero: true)
    let table = Table(
      "Calibration", columns: [.number("Predicted"), .number("Happened"), .number("Rows")],
      rows: candidate.calibration.map {
        Table.Row([.share($0.meanPredicted), .share($0.observedRate), .count($0.count)])
      })
    let error = candidate.metrics["ece"].map { " Expected calibration error \(readable($0))." } ?? ""
    return Figure(
      title: "Calibration", svg: chart.svg,
      summary: "Across: predicted probability. Up: how often it happened.\(error)",
      legend: series.map(\.name), table: table
    ).html
  }
}
