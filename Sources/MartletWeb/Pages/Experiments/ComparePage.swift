import MartletCore
import MartletLifecycle
import MartletTracking

/// Chosen runs beside each other: what differs, their courses in one picture, and how their numbers hang together. Its
/// address is the view.
struct ComparePage {
  struct Content {
    var view: CompareView
    var runs: [Run]
    var columns: [RunColumn]
    var axes: [RunColumn]
    /// By metric, for each run in the order of `runs`.
    var courses: [(key: String, curves: [MetricCurve])] = []
    /// Metrics that have a course in one of the runs.
    var drawable: [String] = []
    var environment: EnvironmentComparison?
  }

  struct Choice {
    var value: String
    var label: String
    var isChosen: Bool
  }

  var summary: String
  /// Few enough to list them above everything else.
  var areFew: Bool
  var onlyDifferences: Bool
  var differencesLink: String
  var runIDs: [String]
  var search: String
  var runs: String
  var metrics: String
  var params: String
  var tags: String
  var code: String
  var environment: EnvironmentComparison?
  var charts: [String]
  var hasCharts: Bool
  var options: CurveOptions.Fields
  var courseChoices: [Choice]
  var parallel: String?
  var axes: String
  var scatter: String?
  var hasNumbers: Bool
  var xChoices: [Choice]
  var yChoices: [Choice]

  init(_ content: Content) {
    let (view, runs) = (content.view, content.runs)
    summary = counted(runs.count, "run")
    areFew = runs.count <= 12
    onlyDifferences = view.onlyDifferences
    differencesLink = view.link(togglingDifferences: true)
    runIDs = runs.map(\.id.text)
    search = view.search ?? ""
    self.runs = Self.heads(runs).html
    metrics = Self.table("Metrics", .metric, content)
    params = Self.table("Parameters", .param, content)
    tags = Self.table("Tags", .tag, content)
    code = Self.code(runs)
    environment = content.environment
    charts = content.courses.map { Self.figure($0.key, $0.curves, content) }
    hasCharts = !content.drawable.isEmpty
    options = view.options.fields
    let drawn = Set(content.courses.map(\.key))
    courseChoices = content.drawable.prefix(60).map { Choice(value: $0, label: $0, isChosen: drawn.contains($0)) }
    parallel = Self.parallel(content)
    axes = content.axes.compactMap(\.reference).joined(separator: ", ")
    let numeric = Self.numeric(content)
    let (x, y) = Self.scatterAxes(content, numeric)
    scatter = x.flatMap { x in y.map { Self.scatter(x, $0, runs) } }
    hasNumbers = parallel != nil || scatter != nil
    xChoices = Self.choices(numeric, x)
    yChoices = Self.choices(numeric, y)
  }

  /// When each ran, how it ended, and its page.
  private static func heads(_ runs: [Run]) -> Table {
    Table(
      "Runs", columns: [.init("Run"), .init("Status"), .init("Started"), .number("Took"), .init("By")],
      rows: runs.map { run in Table.Row(RunTable.first(run) + [.text(run.info.user)]) })
  }

  private static func table(_ title: String, _ kind: RunColumn.Kind, _ content: Content) -> String {
    let code = Set(CompareView.code)
    let shown = content.columns.filter { column in
      column.kind == kind && !code.contains(column) && content.view.has(column)
        && content.runs.contains { $0.text(column) != nil }
    }
    let most = max(30, 6000 / content.runs.count)
    return ComparisonTable(
      title: title, runs: content.runs, columns: shown, isCut: shown.count >= most,
      onlyDifferences: content.view.onlyDifferences
    ).table.html
  }

  private static func code(_ runs: [Run]) -> String {
    let columns = CompareView.code.filter { column in runs.contains { $0.text(column) != nil } }
    return ComparisonTable(title: "Code", runs: runs, columns: columns, isCut: false, onlyDifferences: false).table.html
  }

  private static func figure(_ key: String, _ curves: [MetricCurve], _ content: Content) -> String {
    let lines = zip(content.runs, curves).filter { $1.points > 0 }.map { run, curve in
      MetricFigure.Line(run: run.id, name: run.info.name, curve: curve)
    }
    return MetricFigure(key: key, lines: lines, options: content.view.options).html
  }
}
