import MartletAccess
import MartletCore
import MartletLifecycle
import MartletTracking

/// All experiments, the one changed last first.
struct ExperimentsPage {
  var summary: String
  var experiments: String
  /// Nobody logged anything yet.
  var isNew: Bool
  var filter: String
  var problem: String?
  var nextLink: String?

  init(
    _ experiments: [(experiment: Experiment, runs: Int)], filter: String? = nil, problem: MartletError? = nil,
    nextLink: String? = nil
  ) {
    summary = counted(experiments.count, "experiment") + (nextLink == nil ? "" : " on this page")
    isNew = filter == nil && problem == nil && nextLink == nil && experiments.allSatisfy { $0.runs == 0 }
    self.filter = filter ?? ""
    self.problem = problem.map { [$0.message, $0.fix].compactMap(\.self).joined(separator: ": ") }
    self.nextLink = nextLink
    self.experiments =
      Table(
        "Experiments",
        columns: [.init("Experiment"), .number("Id"), .number("Runs"), .init("Created"), .init("Changed")],
        rows: experiments.map { experiment, runs in
          Table.Row([
            .text(shortened(experiment.name, limit: 200), link: ObjectLink.experiment(experiment.id)),
            Cell(html: escaped(experiment.id.text)),
            .count(runs),
            Self.time(experiment.creationTime), Self.time(experiment.lastUpdateTime),
          ])
        }, empty: filter == nil ? "No experiments yet." : "No experiment matches the filter."
      ).html
  }

  /// The experiment that every server has from its beginning carries no date.
  private static func time(_ time: Timestamp) -> Cell { .time(time.milliseconds == 0 ? nil : time) }

  private static let onAPage = 100

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let filter = request.text("filter")
    let model: ExperimentsPage
    do {
      let found = try await platform.tracker.searchExperiments(
        filter: filter, orderBy: ["last_update_time DESC"], limit: onAPage, pageToken: request.text("page"),
        visibility: request.visibility(of: .experiment))
      let counts = try await platform.tracker.runCounts(of: found.items.map(\.id))
      model = ExperimentsPage(
        found.items.map { (experiment: $0, runs: counts[$0.id] ?? 0) }, filter: filter,
        nextLink: found.nextToken.map { link("/experiments", ["filter": filter, "page": $0]) })
    } catch let error as MartletError where error.code == .invalidInput {
      model = ExperimentsPage([], filter: filter, problem: error)
    }
    return Page(
      title: "Experiments", section: .experiments, template: "experiments", model: model,
      apiLink: "/api/v1/experiments", command: "martlet experiments list")
  }
}
