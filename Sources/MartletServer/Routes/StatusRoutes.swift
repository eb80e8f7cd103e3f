import HTTPTypes
import MartletAccess
import MartletCore
import MartletLifecycle
import MartletMonitoring
import MartletPipelines
import MartletServing

/// One answer to "how are things": what is live, and what needs somebody.
struct StatusRoutes: APIRoutes {
  let plane: ControlPlane

  var routes: [APIRoute] {
    [
      APIRoute(
        .get, "/status", "getStatus", "What is live, how it is doing, what needs somebody",
        needs: .to(.overview, on: .somewhere), response: .json(Self.status)
      ) { request in
        let platform = plane.platform
        let endpoints = try await platform.deployments.endpoints().filter {
          request.shows($0.definition.project, .overview)
        }
        let alerts = try await platform.alerts.alerts(among: request.readableProjects, openOnly: true)
        let projects = try await platform.projects.projects().filter { request.shows($0.name, .overview) }
        let working = try await platform.pipelineRuns.runs(in: [.queued, .running]).filter {
          request.shows($0.project)
        }
        let base = await plane.scoringURL()
        return .json([
          "server": [
            "version": .string(plane.configuration.version),
            "started": .string(plane.started.description), "data": .string(plane.configuration.data),
          ], "projects": .array(projects.map { .string($0.name.text) }),
          "pipeline_runs": .array(working.map(PipelineRunJSON.summary)), "scoring_url": base.map(JSON.string) ?? .null,
          "open_alerts": .integer(Int64(alerts.count)),
          "endpoints": .array(endpoints.map { EndpointRoutes.json($0, base) }),
          "attention": .array(
            alerts.map { alert in
              [
                "message": .string(alert.reason), "severity": .string(alert.severity.rawValue),
                "subject": .string(alert.subject), "since": .string(alert.firstAt.description), "page": "/alerts",
              ]
            }),
        ])
      }
    ]
  }

  private static let status = APISchema.named(
    "Status",
    .object(
      [
        "server": .object(["version": .text, "started": .time, "data": .text], open: true), "open_alerts": .count,
        "endpoints": .array(.any), "attention": .array(.any), "scoring_url": .nullable(.text),
      ], required: ["server", "open_alerts", "endpoints", "attention"], open: true))
}
