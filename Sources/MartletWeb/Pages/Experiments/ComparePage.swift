import MartletCore
import MartletLifecycle
import MartletTracking

/// Chosen runs beside each other: what differs, and their courses in one picture. Its address is the view.
struct ComparePage {
  /// More columns and lines than this are told apart by nobody.
  static let most = 8
  /// More charts than this make a page that nobody reads.
  private static let mostCharts = 12

  var summary: String
  var onlyDifferences: Bool
  var differencesLink: String
  var runs: String
  var metrics: String
  var params: String
  var charts: [String]
  var hasCharts: Bool

  /// - Parameter courses: by metric, for each run in the order of `runs`; without points where it has no such metric.
  init(_ runs: [Run], courses: [(key: String, points: [[Metric]])], onlyDifferences: Bool) {
    summary = counted(runs.count, "run")
    self.onlyDifferences = onlyDifferences
    differencesLink = Self.link(runs, onlyDifferences: !onlyDifferences)
    self.runs = Self.heads(runs).html
    let keys = metricOrder(Set(runs.flatMap { $0.metrics.map(\.key) }))
    metrics =
      Self.table("Metrics", runs, keys, onlyDifferences) { key, run in run.metric(key).map(readable) }.html
    let names = Set(runs.flatMap { $0.params.map(\.key) }).sorted()
    params = Self.table("Parameters", runs, names, onlyDifferences) { key, run in run.param(key) }.html
    hasCharts = !courses.isEmpty
    charts = courses.map { course in
      MetricFigure(
        key: course.key, lines: zip(runs, course.points).map { .init(run: $0.info.name, points: $1) }
      ).html
    }
  }

  private static func link(_ runs: [Run], onlyDifferences: Bool) -> String {
    "/compare?" + (runs.map { "run=\($0.id)" } + (onlyDifferences ? ["differs=1"] : [])).joined(separator: "&")
  }

  /// When each ran, how it ended, and its page.
  private static func heads(_ runs: [Run]) -> Table {
    Table(
      "Runs", columns: [.init("Run"), .init("Status"), .init("Started"), .number("Took"), .init("By")],
      rows: runs.map { run in Table.Row(RunTable.first(run) + [.text(run.info.user)]) })
  }

  /// A row for each key, marked where the runs differ.
  private static func table(
    _ name: String, _ runs: [Run], _ keys: [String], _ onlyDifferences: Bool, value: (String, Run) -> String?
  ) -> Table {
    let rows = keys.compactMap { key -> Table.Row? in
      let values = runs.map { value(key, $0) }
      let differs = Set(values).count > 1
      guard differs || !onlyDifferences else { return nil }
      return Table.Row([.code(key)] + values.map { .text($0) }, marked: differs)
    }
    return Table(
      name, columns: [.init(name == "Metrics" ? "Metric" : "Parameter")] + runs.map { .number($0.info.name) },
      rows: rows,
      empty: keys.isEmpty ? "None were logged." : "The runs agree in all of them.")
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    var runs: [Run] = []
    for id in request.texts("run") where !runs.contains(where: { $0.id.text == id }) {
      try await request.sight?.demand(RunID(id))
      runs.append(try await platform.tracker.run(RunID(id)))
    }
    guard (2...most).contains(runs.count) else {
      throw MartletError.invalidInput(
        runs.count < 2 ? "a comparison needs at least two runs" : "\(runs.count) runs are too many to compare at once",
        fix: "go back to the experiment and choose two to \(most) of its runs")
    }
    let experiment = try await platform.tracker.experiment(runs[0].info.experiment)
    let model = ComparePage(
      runs, courses: try await courses(runs, platform.tracker), onlyDifferences: request.text("differs") != nil)
    return Page(
      title: "\(runs.count) runs compared", section: .experiments,
      crumbs: [
        Link(label: "Experiments", link: "/experiments"),
        Link(label: experiment.name, link: "/experiments/\(experiment.id)"),
      ], template: "compare", model: model)
  }

  private static func courses(_ runs: [Run], _ tracker: ExperimentTracker) async throws -> [(
    key: String, points: [[Metric]]
  )] {
    var courses: [(key: String, points: [[Metric]])] = []
    for key in metricOrder(Set(runs.flatMap { $0.metrics.map(\.key) })) where courses.count < mostCharts {
      var points: [[Metric]] = []
      for run in runs {
        points.append(run.metric(key) == nil ? [] : try await tracker.metricSeries(run.id, key: key, limit: 500))
      }
      if points.contains(where: { $0.count > 1 }) { courses.append((key, points)) }
    }
    return courses
  }
}
