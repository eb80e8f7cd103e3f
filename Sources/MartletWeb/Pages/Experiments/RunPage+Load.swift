import MartletCore
import MartletLifecycle
import MartletRegistry
import MartletTracking

extension RunPage {
  /// More charts than this make a page that nobody reads.
  private static let mostCharts = 24

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let tracker = platform.tracker
    let run = try await tracker.run(try request.identifier("id"))
    let experiment = try await tracker.experiment(run.info.experiment)
    var content = Content(run: run, experiment: experiment)
    content.courses = try await courses(of: run, tracker)
    content.artifacts = try await tracker.artifactFiles(of: run.id)
    content.children = try await tracker.searchRuns(
      RunQuery(
        experiments: [run.info.experiment], filter: "tags.`mlflow.parentRunId` = '\(run.id)'",
        orderBy: ["attributes.start_time ASC"],
        limit: 100)
    ).items
    if let parent = run.tag("mlflow.parentRunId") { content.parent = try? await tracker.runInfo(RunID(parent)) }
    content.versions = try await platform.registry.searchVersions(filter: "run_id = '\(run.id)'", limit: 20).items.map(
      \.id)
    return Page(
      title: run.info.name, section: .experiments,
      crumbs: [
        Link(label: "Experiments", link: "/experiments"),
        Link(label: experiment.name, link: "/experiments/\(experiment.id)"),
      ],
      template: "run", model: RunPage(content), refreshSeconds: run.info.status.isOver ? nil : 3,
      apiLink: "/api/v1/runs/\(run.id)",
      command: "martlet runs show \(run.id)")
  }

  /// The courses of metrics with more than one point.
  private static func courses(of run: Run, _ tracker: ExperimentTracker) async throws -> [(
    key: String, points: [Metric]
  )] {
    var courses: [(key: String, points: [Metric])] = []
    for key in metricOrder(run.metrics.map(\.key)) where courses.count < mostCharts {
      let points = try await tracker.metricSeries(run.id, key: key, limit: 1000)
      if points.count > 1 { courses.append((key, points)) }
    }
    return courses
  }
}
