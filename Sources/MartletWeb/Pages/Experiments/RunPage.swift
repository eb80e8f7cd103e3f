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
    /// Points of each metric that has a course, by key.
    var courses: [(key: String, points: [Metric])] = []
    var artifacts: [ArtifactFile] = []
    /// Runs made by this one, such as the trials of a search.
    var children: [Run] = []
    var parent: RunInfo?
    /// Versions registered from it.
    var versions: [ModelVersionID] = []
  }

  var name: String
  var status: String
  var took: String
  var facts: String
  var metrics: String
  var params: String
  var tags: String
  var charts: [String]
  var children: String?
  var artifacts: String
  var inputs: String?

  init(_ content: Content) {
    let run = content.run
    let start = Timestamp(milliseconds: run.info.startTime)
    name = run.info.name
    status = run.info.status.badge.html
    took = run.info.endTime.map { "took \(readable(Timestamp(milliseconds: $0) - start))" } ?? "under way"
    facts = Self.facts(content).html
    let charted = Set(content.courses.map(\.key))
    metrics =
      Table(
        "Metrics", columns: [.init("Metric"), .number("Value"), .number("Step")],
        rows: metricOrder(run.metrics.map(\.key)).compactMap { key in
          run.metrics.first { $0.key == key }.map { metric in
            Table.Row([
              .text(key, link: charted.contains(key) ? "#chart-\(key)" : nil), .number(metric.value),
              .count(metric.step),
            ])
          }
        }, empty: "No metrics were logged."
      ).html
    params = Self.pairs("Parameters", run.params, empty: "No parameters were logged.")
    tags = Self.pairs("Tags", run.tags.filter { !Self.isNoise($0.key) }, empty: "No tags.")
    charts = content.courses.map {
      MetricFigure(key: $0.key, lines: [.init(run: run.info.name, points: $0.points)]).html
    }
    children = Self.children(content.children)
    artifacts = Self.artifacts(content).html
    inputs = Self.inputs(run)
  }

  /// Long machine text that clients keep in tags.
  private static func isNoise(_ key: String) -> Bool {
    ["mlflow.log-model.history", "mlflow.runName", "mlflow.note.content"].contains(key)
  }

  private static func facts(_ content: Content) -> Facts {
    let run = content.run
    var facts = Facts()
    facts.add("Run", code: run.id.text)
    facts.add("Experiment", content.experiment.name, link: "/experiments/\(content.experiment.id)")
    if let parent = content.parent { facts.add("Part of", parent.name, link: "/runs/\(parent.id)") }
    if let pipeline = run.tag("martlet.pipeline_run") {
      facts.add(
        "Pipeline run", String(pipeline.prefix(8)), link: "/pipelines/\(ObjectLink.pathEncoded(pipeline) ?? "")")
    }
    for version in content.versions { facts.add("Registered as", version.description, link: ObjectLink.model(version)) }
    facts.add("By", run.info.user)
    facts.add("Started", time: Timestamp(milliseconds: run.info.startTime))
    facts.add("Ended", time: run.info.endTime.map(Timestamp.init(milliseconds:)))
    facts.add("Source", run.tag("mlflow.source.name"))
    facts.add("Commit", code: run.tag("mlflow.source.git.commit").map { String($0.prefix(12)) })
    facts.add("Note", run.tag("mlflow.note.content"))
    return facts
  }

  private static func pairs(_ name: String, _ pairs: [KeyValue], empty: String) -> String {
    Table(
      name, columns: [.init("Name"), .init("Value")],
      rows: pairs.map { Table.Row([.code($0.key), .text(String($0.value.prefix(600)))]) }, empty: empty
    ).html
  }

  private static func children(_ runs: [Run]) -> String? {
    guard !runs.isEmpty else { return nil }
    return RunTable(runs: runs, columns: RunTable.columns(of: runs, onlyDifferences: false)).table(
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

  private static func artifacts(_ content: Content) -> Table {
    Table(
      "Artifacts", columns: [.init("File"), .number("Size"), .init("SHA-256")],
      rows: content.artifacts.map { file in
        let query = link(
          "/get-artifact", ["run_uuid": content.run.id.text, "path": file.path])
        return Table.Row([
          .text(file.path, link: query), Cell(html: escaped(readableSize(file.size))), .code(file.digest.short),
        ])
      }, empty: "No artifacts were logged.")
  }
}
