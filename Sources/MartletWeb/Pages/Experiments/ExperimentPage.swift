import MartletCore
import MartletLifecycle
import MartletTracking

/// An experiment's runs: filtered by MLflow's grammar, sorted, paged, grouped and comparable. Its address is the view:
/// it can be shared, and saved under a name.
struct ExperimentPage {
  /// Everything that the page shows.
  struct Content {
    var experiment: Experiment
    var view: RunsView
    var runs = MartletCore.Page<Run>([])
    var columns: [RunColumn] = []
    var groups: RunGroups?
    var groupMetrics: [String] = []
    var total = 0
    var census = KeyCensus(keys: [], isCut: false)
    var saved: [RunView] = []
  }

  /// What is wrong, by field.
  struct Problems {
    var filter: String?
    var order: String?
    var columns: String?
    var group: String?
    var page: String?

    init(_ problem: RunsView.Problem?) {
      guard let problem else { return }
      let text = [problem.error.message, problem.error.fix].compactMap(\.self).joined(separator: ": ")
      switch problem.field {
      case .filter: filter = text
      case .order: order = text
      case .columns: columns = text
      case .group: group = text
      case .page: page = text
      }
    }
  }

  struct SavedView {
    var name: String
    var link: String
    var by: String
  }

  var name: String
  var summary: String
  var path: String
  var filter: String
  var order: String
  var group: String
  var onlyDifferences: Bool
  var problems: Problems
  var hasProblem: Bool
  var chooser: String
  var groupKeys: [String]
  var runs: String
  var isGrouped: Bool
  var differencesLink: String
  var nextLink: String?
  var facts: String
  var canCompare: Bool
  var saved: [SavedView]
  var hasSaved: Bool
  /// What is saved: the address's part after the question mark.
  var query: String

  init(_ content: Content) {
    let (experiment, view) = (content.experiment, content.view)
    let path = ObjectLink.experiment(experiment.id)
    self.path = path
    name = experiment.name
    filter = view.filter ?? ""
    order = view.order ?? ""
    group = view.group ?? ""
    onlyDifferences = view.onlyDifferences
    problems = Problems(view.problem)
    hasProblem = view.problem != nil
    summary =
      hasProblem
      ? "the view cannot be read" : counted(content.total, "run") + (view.filter == nil ? "" : " match")
    chooser = ColumnChooser(content.census, chosen: view.columns).html
    groupKeys = (content.census.keys(.param) + content.census.keys(.tag)).prefix(60).compactMap(\.column.reference)
    isGrouped = content.groups != nil
    canCompare = !isGrouped && content.runs.items.count > 1
    runs = Self.table(content, path).html
    differencesLink = view.togglingDifferences(path)
    nextLink = content.runs.nextToken.map { view.link(path, page: $0) }
    facts = Self.facts(experiment).html
    saved = content.saved.map { SavedView(name: $0.name, link: "\(path)?\($0.query)", by: $0.savedBy) }
    hasSaved = !saved.isEmpty
    query = String(view.link("").drop { $0 == "?" })
  }

  private static func facts(_ experiment: Experiment) -> Facts {
    var facts = Facts()
    facts.add("Created", time: experiment.creationTime)
    for tag in experiment.tags where !tag.key.hasPrefix("mlflow.") { facts.add(tag.key, tag.value) }
    return facts
  }

  private static func table(_ content: Content, _ path: String) -> Table {
    let view = content.view
    if let groups = content.groups, let column = view.groupColumn {
      return GroupTable(
        groups: groups, column: column, metrics: content.groupMetrics, link: { view.narrowed(to: $0, path) }
      ).table
    }
    let table = RunTable(
      runs: content.runs.items, columns: content.columns, order: view.order,
      orderLink: { view.link(path, order: $0) }, isSelectable: content.runs.items.count > 1)
    return table.table(
      "Runs of \(content.experiment.name)", empty: view.filter == nil ? "No runs yet." : "No run matches the filter.")
  }
}
