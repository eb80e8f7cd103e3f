import MartletCore
import MartletLifecycle
import MartletTracking

extension ExperimentPage {
  private static let runsOnAPage = 50
  /// More metrics than this make a table of groups that nobody reads.
  private static let mostGroupMetrics = 4

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let experiment = try await platform.tracker.experiment(try request.identifier("id"))
    let content = try await content(experiment, RunsView(request), platform.tracker)
    let view = content.view
    let isWhole = view.filter == nil && view.group == nil && view.pageToken == nil && view.problem == nil
    return Page(
      title: experiment.name, section: .experiments, crumbs: [Link(label: "Experiments", link: "/experiments")],
      template: "experiment", model: ExperimentPage(content), refreshSeconds: isWhole ? 10 : nil,
      apiLink: view.problem == nil ? api(experiment, view) : nil,
      command: view.problem == nil ? command(experiment, view) : nil)
  }

  /// A filter that cannot be read leaves the table empty; what is wrong stands beside its field.
  private static func content(_ experiment: Experiment, _ view: RunsView, _ tracker: ExperimentTracker) async throws
    -> Content
  {
    var content = Content(experiment: experiment, view: view)
    content.census = try await tracker.commonKeys(of: experiment.id)
    content.saved = try await tracker.views(of: experiment.id)
    guard view.problem == nil else {
      content.columns = view.columns
      return content
    }
    content.total = try await tracker.countRuns(experiments: [experiment.id], filter: view.filter)
    if let column = view.groupColumn {
      content.columns = view.columns
      content.groupMetrics = metrics(of: content)
      content.groups = try await tracker.groupRuns(
        experiments: [experiment.id], filter: view.filter, by: column, metrics: content.groupMetrics)
    } else {
      let found = try await tracker.selectRuns(
        view.runQuery(experiment.id, limit: runsOnAPage), choosing: view.choosing)
      (content.runs, content.columns) = (found.runs, found.columns)
    }
    return content
  }

  /// The metrics that were chosen as columns, else those that people look at first.
  private static func metrics(of content: Content) -> [String] {
    let chosen = content.view.columns.filter { $0.kind == .metric }.map(\.key)
    guard chosen.isEmpty else { return Array(chosen.prefix(RunGroups.mostMetrics)) }
    let common = content.census.keys(.metric).map(\.column.key).filter { !$0.hasPrefix("system/") }
    return Array(metricOrder(common.prefix(20)).prefix(mostGroupMetrics))
  }

  private static func api(_ experiment: Experiment, _ view: RunsView) -> String {
    guard let group = view.group else {
      return link(
        "/api/v1/runs", ["experiment": experiment.name, "filter": view.filter, "order_by": view.order])
    }
    return link("/api/v1/run-groups", ["experiment": experiment.name, "filter": view.filter, "by": group])
  }

  private static func command(_ experiment: Experiment, _ view: RunsView) -> String {
    let options: [(String, String?)] = [
      ("--experiment", experiment.name), ("--filter", view.filter), ("--order", view.order),
      ("--group-by", view.group),
      ("--columns", view.columns.isEmpty ? nil : view.columns.compactMap(\.reference).joined(separator: ",")),
    ]
    return "martlet runs list" + options.compactMap { name, value in value.map { " \(name) \(quoted($0))" } }.joined()
      + (view.onlyDifferences ? " --only-differs" : "")
  }

  /// As a shell reads it.
  private static func quoted(_ text: String) -> String {
    let isPlain = text.unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || "-_./0123456789".unicodeScalars.contains($0)
    }
    return isPlain && !text.isEmpty ? text : "'\(text.replacing("'", with: #"'\''"#))'"
  }

  // MARK: Forms

  /// Saves the view that the form carries and leads to it.
  static func save(_ platform: Platform, _ request: PageRequest) async throws -> String {
    let id: ExperimentID = try request.identifier("id")
    let name = (request.form["name"] ?? "").trimmingPrefix(while: \.isWhitespace)
    let view = try await platform.tracker.saveView(
      named: String(name), query: request.form["query"] ?? "", of: id, by: request.author)
    return "\(ObjectLink.experiment(id))?\(view.query)"
  }

  static func delete(_ platform: Platform, _ request: PageRequest) async throws -> String {
    let id: ExperimentID = try request.identifier("id")
    try await platform.tracker.deleteView(named: request.form["name"] ?? "", of: id, by: request.author)
    return ObjectLink.experiment(id)
  }
}
