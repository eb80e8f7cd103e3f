import MartletArtifacts
import MartletCore
import MartletLifecycle
import MartletTracking

/// One run: what went in, how it went, what came out.
struct RunPage {
  /// Everything that the page shows.
  struct Content {
    var run: Run
    var experiment: Experiment
    var metrics: MetricList
    /// Curves of the metrics on this page, and those of the machine's own measures.
    var curves: [MetricCurve] = []
    var systemCurves: [MetricCurve] = []
    var options = CurveOptions()
    /// What lies at the top of the run's artifacts; nil where this server does not keep them.
    var artifacts: ArtifactTree?
    /// Runs made by this one, such as the trials of a search.
    var children: RunSelection?
    var parent: RunInfo?
    /// Versions registered from it.
    var versions: [ModelVersionID] = []
  }

  var name: String
  var path: String
  var status: String
  var took: String
  var facts: String
  var metrics: String
  var list: MetricList.Model
  var options: CurveOptions.Fields
  var params: String
  var tags: String
  var charts: [String]
  var systemCharts: [String]
  var systemSummary: String?
  var hasCourses: Bool
  var children: String?
  var artifacts: String
  var inputs: String?

  init(_ content: Content) {
    let run = content.run
    let start = Timestamp(milliseconds: run.info.startTime)
    name = run.info.name
    path = ObjectLink.run(run.id)
    status = run.info.status.badge.html
    took = run.info.endTime.map { "took \(readable(Timestamp(milliseconds: $0) - start))" } ?? "under way"
    facts = Self.facts(content).html
    let courses = (content.curves + content.systemCurves).filter { $0.points > 1 }
    metrics = content.metrics.table(curves: Dictionary(courses.map { ($0.key, $0) }) { first, _ in first }).html
    list = content.metrics.model(path: path, options: content.options)
    options = content.options.fields
    params = Self.pairs("Parameters", run.params, empty: "No parameters were logged.")
    tags = Self.pairs("Tags", run.tags.filter { !Self.isNoise($0.key) }, empty: "No tags.")
    charts = Self.charts(content.curves, content)
    systemCharts = Self.charts(content.systemCurves, content)
    systemSummary = content.metrics.systemSummary
    hasCourses = !content.metrics.courses.isEmpty || content.metrics.search != nil
    children = Self.children(content.children)
    artifacts =
      content.artifacts.map { ArtifactListing($0, of: .run(run.id), folder: "").table.html }
      ?? "<p class=\"empty\">This server does not keep the run's artifacts: \(escaped(run.info.artifactURI))</p>"
    inputs = Self.inputs(run)
  }

  private static func charts(_ curves: [MetricCurve], _ content: Content) -> [String] {
    curves.filter { $0.points > 1 }.map { curve in
      MetricFigure(
        key: curve.key, lines: [.init(run: content.run.id, name: content.run.info.name, curve: curve)],
        options: content.options
      ).html
    }
  }

  /// Long machine text that clients keep in tags.
  private static func isNoise(_ key: String) -> Bool {
    ["mlflow.log-model.history", "mlflow.runName", "mlflow.note.content"].contains(key)
  }

  private static func facts(_ content: Content) -> Facts {
    let run = content.run
    var facts = Facts()
    facts.add("Run", code: run.id.text)
    facts.add("Experiment", content.experiment.name, link: ObjectLink.experiment(content.experiment.id))
    if let parent = content.parent { facts.add("Part of", parent.name, link: ObjectLink.run(parent.id)) }
    if let pipeline = run.tag("martlet.pipeline_run") {
      facts.add("Pipeline run", String(pipeline.prefix(8)), link: ObjectLink.page(of: "pipeline-run:\(pipeline)"))
    }
    for version in content.versions { facts.add("Registered as", version.description, link: ObjectLink.model(version)) }
    for model in run.modelOutputs.prefix(20) {
      facts.add("Logged model", model.modelID, link: ObjectLink.loggedModel(model.modelID))
    }
    facts.add("By", run.info.user)
    facts.add("Started", time: Timestamp(milliseconds: run.info.startTime))
    facts.add("Ended", time: run.info.endTime.map(Timestamp.init(milliseconds:)))
    facts.add("Source", run.tag("mlflow.source.name"))
    facts.add("Commit", code: run.tag("mlflow.source.git.commit").map { String($0.prefix(12)) })
    facts.add("Note", run.tag("mlflow.note.content"))
    return facts
  }

  private static func pairs(_ name: String, _ pairs: [KeyValue], empty: String) -> String {
    let most = 300
    return Table(
      name, caption: pairs.count > most ? "The first \(most) of \(grouped(Int64(pairs.count)))." : nil,
      columns: [.init("Name"), .init("Value")],
      rows: pairs.prefix(most).map { Table.Row([.code($0.key), .text(String($0.value.prefix(600)))]) }, empty: empty
    ).html
  }

  private static func children(_ selection: RunSelection?) -> String? {
    guard let selection, !selection.runs.items.isEmpty else { return nil }
    return RunTable(runs: selection.runs.items, columns: selection.columns).table(
      "Runs inside this one", empty: ""
    ).html
  }

  private static func inputs(_ run: Run) -> String? {
    guard !run.datasets.isEmpty else { return nil }
    return Table(
      "Data that the run read", columns: [.init("Data set"), .init("Digest"), .init("Source"), .init("For")],
      rows: run.datasets.map { input in
        let context = input.tags.first { $0.key == "mlflow.data.context" }?.value
        return Table.Row([
          .text(input.name), .code(input.digest), .text(String(input.source.prefix(200))), .text(context),
        ])
      }
    ).html
  }
}
