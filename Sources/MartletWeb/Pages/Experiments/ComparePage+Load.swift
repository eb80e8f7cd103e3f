import MartletAccess
import MartletCore
import MartletLifecycle
import MartletTracking

extension ComparePage {
  /// More charts than this make a page that nobody reads.
  private static let mostCharts = 6
  /// Runs that are asked which metrics have a course.
  private static let mostAsked = 8

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let view = try CompareView(request)
    for run in view.runs { try await request.sight?.demand(.run(run)) }
    let content = try await content(view, platform)
    let experiment = try await platform.tracker.experiment(content.runs[0].info.experiment)
    return Page(
      title: "\(content.runs.count) runs compared", section: .experiments,
      crumbs: [
        Link(label: "Experiments", link: "/experiments"),
        Link(label: experiment.name, link: ObjectLink.experiment(experiment.id)),
      ], template: "compare", model: ComparePage(content),
      command: "martlet runs compare " + view.runs.prefix(4).map(\.text).joined(separator: " ")
        + (view.runs.count > 4 ? " …" : ""))
  }

  private static func content(_ view: CompareView, _ platform: Platform) async throws -> Content {
    let tracker = platform.tracker
    let found = try await tracker.selectRuns(view.runs, choosing: view.choosing)
    let runs = found.runs.items
    var content = Content(
      view: view, runs: runs, columns: found.columns, axes: view.axes.isEmpty ? axes(found) : view.axes)
    for run in runs.prefix(mostAsked) { content.drawable += try await tracker.metricsWithCourse(of: run.id) }
    content.drawable = metricOrder(content.drawable)
    content.courses = try await courses(view, runs, content.drawable, tracker)
    if runs.count == 2 { content.environment = try await EnvironmentComparison.load(runs[0], runs[1], platform) }
    return content
  }

  /// Those in which the runs that were read differ.
  private static func axes(_ found: RunSelection) -> [RunColumn] {
    let usage = found.columns.filter { $0.kind == .param || $0.kind == .metric }.map { column in
      let values = found.runs.items.compactMap { $0.text(column) }
      return KeyUsage(column: column, runs: values.count, values: Set(values).count)
    }
    return CompareView.defaultAxes(usage, found.runs.items.count)
  }

  /// Fewer charts and coarser lines for more runs.
  private static func courses(
    _ view: CompareView, _ runs: [Run], _ drawable: [String], _ tracker: ExperimentTracker
  ) async throws -> [(key: String, curves: [MetricCurve])] {
    let parts = min(250, max(20, 1000 / runs.count))
    let chosen = view.metrics.isEmpty ? Array(drawable.prefix(runs.count > 20 ? 1 : 4)) : view.metrics
    var courses: [(key: String, curves: [MetricCurve])] = []
    for key in chosen.prefix(mostCharts) {
      courses.append((key, try await tracker.metricCurves(of: runs.map(\.id), key: key, parts: parts)))
    }
    return courses.filter { course in course.curves.contains { $0.points > 1 } }
  }
}
