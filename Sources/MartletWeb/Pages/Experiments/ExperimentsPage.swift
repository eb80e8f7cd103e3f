import MartletCore
import MartletLifecycle
import MartletTracking

/// All experiments, the one changed last first.
struct ExperimentsPage {
  var summary: String
  var experiments: String

  init(_ experiments: [(experiment: Experiment, runs: Int)]) {
    summary = counted(experiments.count, "experiment")
    self.experiments =
      Table(
        "Experiments",
        columns: [.init("Experiment"), .number("Id"), .number("Runs"), .init("Made"), .init("Changed")],
        rows: experiments.map { experiment, runs in
          Table.Row([
            .text(experiment.name, link: "/experiments/\(experiment.id)"), Cell(html: escaped(experiment.id.text)),
            .count(runs),
            .time(experiment.creationTime), .time(experiment.lastUpdateTime),
          ])
        }, empty: "No experiments yet: log a run with mlflow.set_tracking_uri, or start one with martlet run."
      ).html
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let found = try await platform.tracker.searchExperiments(orderBy: ["last_update_time DESC"], limit: 500)
    var experiments: [(experiment: Experiment, runs: Int)] = []
    for experiment in found.items {
      experiments.append((experiment, try await platform.tracker.countRuns(experiments: [experiment.id])))
    }
    return Page(
      title: "Experiments", section: .experiments, template: "experiments", model: ExperimentsPage(experiments),
      apiLink: "/api/v1/experiments", command: "martlet experiments list")
  }
}
