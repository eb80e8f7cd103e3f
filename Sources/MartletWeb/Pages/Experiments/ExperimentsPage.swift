import MartletCore
import MartletLifecycle
import MartletTracking

/// All experiments, the one changed last first.
struct ExperimentsPage {
  var summary: String
  var experiments: String
  /// Nobody logged anything yet.
  var isNew: Bool

  init(_ experiments: [(experiment: Experiment, runs: Int)]) {
    summary = counted(experiments.count, "experiment")
    isNew = experiments.allSatisfy { $0.runs == 0 }
    self.experiments =
      Table(
        "Experiments",
        columns: [.init("Experiment"), .number("Id"), .number("Runs"), .init("Created"), .init("Changed")],
        rows: experiments.map { experiment, runs in
          Table.Row([
            .text(experiment.name, link: "/experiments/\(experiment.id)"), Cell(html: escaped(experiment.id.text)),
            .count(runs),
            Self.time(experiment.creationTime), Self.time(experiment.lastUpdateTime),
          ])
        }, empty: "No experiments yet."
      ).html
  }

  /// The experiment that every server has from its beginning carries no date.
  private static func time(_ time: Timestamp) -> Cell { .time(time.milliseconds == 0 ? nil : time) }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let found = try await platform.tracker.searchExperiments(orderBy: ["last_update_time DESC"], limit: 500)
    var experiments: [(experiment: Experiment, runs: Int)] = []
    for experiment in try await request.sight?.experiments(found.items) ?? found.items {
      experiments.append((experiment, try await platform.tracker.countRuns(experiments: [experiment.id])))
    }
    return Page(
      title: "Experiments", section: .experiments, template: "experiments", model: ExperimentsPage(experiments),
      apiLink: "/api/v1/experiments", command: "martlet experiments list")
  }
}
