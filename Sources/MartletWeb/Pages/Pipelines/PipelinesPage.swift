import MartletCore
import MartletLifecycle
import MartletPipelines

/// Pipeline runs of all projects, newest first.
struct PipelinesPage {
  /// A project with its own time and its newest runs.
  struct Group {
    var project: Project
    var runs: [PipelineRun]
  }

  var summary: String
  var runs: String

  init(_ groups: [Group]) {
    let all = groups.flatMap(\.runs).sorted { $0.createdAt > $1.createdAt }
    let active = all.count { !$0.state.isOver }
    summary = counted(all.count, "run") + (active == 0 ? "" : ", \(active) under way")
    runs = Self.table(all, empty: "No pipeline run yet: martlet run starts one.").html
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    var groups: [Group] = []
    for project in try await platform.projects.projects() where request.shows(project.name) {
      groups.append(Group(project: project, runs: try await platform.pipelineRuns.runs(project.name, limit: 100).items))
    }
    return Page(
      title: "Pipelines", section: .pipelines, template: "pipelines", model: PipelinesPage(groups), refreshSeconds: 3,
      apiLink: groups.count == 1 ? "/api/v1/projects/\(groups[0].project.name)/pipeline-runs" : nil,
      command: "martlet run")
  }

  static func table(_ runs: [PipelineRun], empty: String) -> Table {
    Table(
      "Pipeline runs",
      columns: [
        .init("Run"), .init("State"), .init("Set off by"), .init("Why"), .init("Event time"), .init("Started"),
        .number("Took"),
      ],
      rows: runs.map { run in
        Table.Row([
          .text(
            "\(run.project) #\(run.number)", link: "/pipelines/\(run.id)", detail: "project version \(run.version)"),
          .badge(run.state.badge), .text(run.trigger), .text(run.failure?.message ?? run.reason), .time(run.eventTime),
          .time(run.startedAt),
          Cell(html: run.took.map(readable) ?? "–"),
        ])
      }, empty: empty)
  }
}

extension PipelineRun {
  /// Wall-clock time from start to end; nil while it is under way.
  var took: Duration? {
    guard let startedAt, let finishedAt else { return nil }
    return finishedAt - startedAt
  }
}

extension PipelineRun.State {
  var badge: Badge {
    switch self {
    case .queued: Badge("queued")
    case .running: Badge("running", .live)
    case .succeeded: Badge("succeeded", .good)
    case .failed: Badge("failed", .bad)
    case .cancelled: Badge("cancelled", .warn)
    }
  }
}
