import MartletCore
import MartletTracking

/// What a comparison's address asks for.
struct CompareView: Sendable {
  /// More runs than this are told apart by nobody.
  static let most = 100

  var runs: [RunID]
  var onlyDifferences: Bool
  /// A part of the names of metrics, parameters and tags.
  var search: String?
  /// Metrics whose courses are drawn; empty for the first that have one.
  var metrics: [String]
  /// Axes of the parallel coordinates and of the scatter plot.
  var axes: [RunColumn]
  var x: RunColumn?
  var y: RunColumn?
  var options: CurveOptions

  /// - Throws: `.invalidInput` for fewer than two or more than 100 runs, or a name that is none.
  init(_ request: PageRequest) throws {
    var seen: Set<String> = []
    runs = request.texts("run").filter { seen.insert($0).inserted }.map { RunID($0) }
    guard (2...Self.most).contains(runs.count) else {
      throw MartletError.invalidInput(
        runs.count < 2 ? "a comparison needs at least two runs" : "\(runs.count) runs are too many to compare at once",
        fix: "go back to the experiment and choose two to \(Self.most) of its runs")
    }
    onlyDifferences = request.text("differs") != nil
    search = request.text("name")
    metrics = request.texts("metric")
    axes = try request.text("axes").map(RunColumn.list) ?? []
    x = try request.text("sx").map(RunColumn.init(written:))
    y = try request.text("sy").map(RunColumn.init(written:))
    options = CurveOptions(request)
  }

  func has(_ column: RunColumn) -> Bool {
    search.map { column.key.lowercased().contains($0.lowercased()) } ?? true
  }

  func link(togglingDifferences: Bool = false) -> String {
    let differs = togglingDifferences ? !onlyDifferences : onlyDifferences
    let axes = axes.compactMap(\.reference).joined(separator: ",")
    let query: [(String, String?)] =
      runs.map { ("run", $0.text) }
      + [
        ("differs", differs ? "1" : nil), ("name", search), ("axes", axes), ("sx", x?.reference), ("sy", y?.reference),
      ]
      + metrics.map { ("metric", $0) } + options.query
    return MartletWeb.link("/compare", query)
  }

  /// The columns to read: what the search finds, so many of each kind, and those that pictures are drawn of.
  var choosing: @Sendable ([KeyUsage], Int) -> [RunColumn] {
    { [self] usage, count in
      let rows = max(30, 6000 / count)
      let shown = usage.filter { has($0.column) && (!onlyDifferences || RunTable.differs($0, count)) }
      let metrics = metricOrder(shown.filter { $0.column.kind == .metric }.map(\.column.key)).prefix(rows)
      let others = [RunColumn.Kind.param, .tag].flatMap { kind in
        shown.filter { $0.column.kind == kind && !Self.isNoise($0.column.key) }.prefix(rows).map(\.column)
      }
      let drawn = axes + [x, y].compactMap(\.self) + Self.defaultAxes(usage, count) + Self.code
      var seen: Set<RunColumn> = []
      return (metrics.map { RunColumn(.metric, $0) } + others + drawn).filter { seen.insert($0).inserted }
    }
  }

  static let code = [
    "mlflow.source.name", "mlflow.source.git.commit", "mlflow.source.git.branch", "mlflow.source.type",
  ]
  .map { RunColumn(.tag, $0) }

  /// Parameters in which the runs differ, then metrics in which they do.
  static func defaultAxes(_ usage: [KeyUsage], _ count: Int) -> [RunColumn] {
    let differing = usage.filter { RunTable.differs($0, count) }
    let params = differing.filter { $0.column.kind == .param }.map(\.column).prefix(5)
    let metrics = metricOrder(
      differing.filter { $0.column.kind == .metric && !$0.column.key.hasPrefix("system/") }.map(\.column.key))
    return Array(params) + metrics.prefix(3).map { RunColumn(.metric, $0) }
  }

  private static func isNoise(_ key: String) -> Bool {
    ["mlflow.log-model.history", "mlflow.runName", "mlflow.note.content"].contains(key)
  }
}
