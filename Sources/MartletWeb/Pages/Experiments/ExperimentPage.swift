import MartletCore
import MartletLifecycle
import MartletTracking

/// An experiment's runs: filtered by MLflow's grammar, sorted, paged, and comparable. Its address is the view: it can
/// be shared.
struct ExperimentPage {
  /// What the address asks for.
  struct View {
    var filter: String?
    var order: String?
    var onlyDifferences: Bool
    var pageToken: String?

    init(_ request: PageRequest) {
      filter = request.text("filter")
      order = request.text("order")
      onlyDifferences = request.text("differs") != nil
      pageToken = request.text("page")
    }

    func link(_ path: String, order: String?, page: String? = nil, onlyDifferences: Bool) -> String {
      MartletWeb.link(path, ["filter": filter, "order": order, "differs": onlyDifferences ? "1" : nil, "page": page])
    }
  }

  var name: String
  var summary: String
  var filter: String
  var order: String
  var onlyDifferences: Bool
  var problem: ErrorPage?
  var runs: String
  var differencesLink: String
  var nextLink: String?
  var facts: String
  var canCompare: Bool

  init(_ experiment: Experiment, _ page: MartletCore.Page<Run>, total: Int, view: View, problem: MartletError? = nil) {
    let path = "/experiments/\(experiment.id)"
    name = experiment.name
    summary = view.filter == nil ? counted(total, "run") : "\(counted(total, "run")) match"
    filter = view.filter ?? ""
    order = view.order ?? ""
    onlyDifferences = view.onlyDifferences
    self.problem = problem.map { ErrorPage($0, status: 400) }
    let table = RunTable(
      runs: page.items, columns: RunTable.columns(of: page.items, onlyDifferences: view.onlyDifferences),
      order: view.order,
      orderLink: { view.link(path, order: $0, onlyDifferences: view.onlyDifferences) },
      isSelectable: page.items.count > 1)
    canCompare = table.isSelectable
    runs =
      table.table(
        "Runs of \(experiment.name)", empty: view.filter == nil ? "No runs yet." : "No run matches the filter."
      ).html
    differencesLink = view.link(path, order: view.order, onlyDifferences: !view.onlyDifferences)
    nextLink = page.nextToken.map {
      view.link(path, order: view.order, page: $0, onlyDifferences: view.onlyDifferences)
    }
    var facts = Facts()
    facts.add("Created", time: experiment.creationTime)
    for tag in experiment.tags where !tag.key.hasPrefix("mlflow.") { facts.add(tag.key, tag.value) }
    self.facts = facts.html
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let experiment = try await platform.tracker.experiment(try request.identifier("id"))
    let view = View(request)
    let model = try await model(experiment, view, platform.tracker)
    return Page(
      title: experiment.name, section: .experiments, crumbs: [Link(label: "Experiments", link: "/experiments")],
      template: "experiment", model: model, refreshSeconds: model.filter.isEmpty && model.problem == nil ? 10 : nil,
      apiLink: link("/api/v1/runs", ["experiment": experiment.name, "filter": view.filter, "order_by": view.order]),
      command: "martlet runs list --experiment \(experiment.name)" + (view.filter.map { " --filter \"\($0)\"" } ?? ""))
  }

  /// A filter that cannot be read is shown with what is wrong about it, beside all runs.
  private static func model(_ experiment: Experiment, _ view: View, _ tracker: ExperimentTracker) async throws
    -> ExperimentPage
  {
    do {
      let page = try await tracker.searchRuns(
        RunQuery(
          experiments: [experiment.id], filter: view.filter, orderBy: [view.order].compactMap(\.self), limit: 50,
          pageToken: view.pageToken))
      let total = try await tracker.countRuns(experiments: [experiment.id], filter: view.filter)
      return ExperimentPage(experiment, page, total: total, view: view)
    } catch let error as MartletError where error.code == .invalidInput {
      return ExperimentPage(experiment, MartletCore.Page([]), total: 0, view: view, problem: error)
    }
  }
}
