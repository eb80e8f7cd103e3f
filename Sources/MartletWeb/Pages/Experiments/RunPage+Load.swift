import MartletAccess
import MartletCore
import MartletLifecycle
import MartletRegistry
import MartletTracking

extension RunPage {
  /// Parts of a curve: more than a chart of this width can show.
  private static let partsOfACurve = 250

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let run = try await platform.tracker.run(try request.identifier("id"))
    let content = try await content(run, platform, request)
    return Page(
      title: run.info.name, section: .experiments,
      crumbs: [
        Link(label: "Experiments", link: "/experiments"),
        Link(label: content.experiment.name, link: ObjectLink.experiment(content.experiment.id)),
      ],
      template: "run", model: RunPage(content), refreshSeconds: run.info.status.isOver ? nil : 3,
      apiLink: "/api/v1/runs/\(run.id)", command: "martlet runs show \(run.id)")
  }

  private static func content(_ run: Run, _ platform: Platform, _ request: PageRequest) async throws -> Content {
    let tracker = platform.tracker
    let list = MetricList(run.metrics, courses: try await tracker.metricsWithCourse(of: run.id), request: request)
    var content = Content(
      run: run, experiment: try await tracker.experiment(run.info.experiment), metrics: list,
      options: CurveOptions(request))
    content.curves = try await tracker.metricCurves(run.id, keys: list.charted, parts: partsOfACurve)
    content.systemCurves = try await tracker.metricCurves(run.id, keys: list.chartedSystem, parts: partsOfACurve)
    if let root = ArtifactLocation.path(ofURI: run.info.artifactURI), !root.isEmpty {
      content.artifacts = try await tracker.artifactTree(below: root, limit: ArtifactListing.mostListed)
    }
    content.children = try await children(of: run, tracker)
    if let parent = run.tag("mlflow.parentRunId"), let info = try? await tracker.runInfo(RunID(parent)),
      info.experiment == run.info.experiment
    {
      content.parent = info
    }
    content.versions = try await platform.registry.searchVersions(
      filter: "run_id = '\(run.id)'", limit: 20, visibility: request.visibility(of: .model)
    ).items.map(\.id)
    return content
  }

  private static let mostChildren = 100

  private static func children(of run: Run, _ tracker: ExperimentTracker) async throws -> RunSelection {
    try await tracker.children(of: run.id, limit: mostChildren) { usage, count in
      RunTable.columns(of: usage, runs: count, onlyDifferences: false)
    }
  }
}
