import MartletCore
import MartletTracking

/// Runs as rows, with the columns that tell them apart.
struct RunTable {
  var runs: [Run]
  var columns: [RunColumn]
  /// What the rows are ordered by, such as `metrics.roc_auc DESC`.
  var order: String?
  /// The address of the same table in another order; nil: the order is fixed.
  var orderLink: ((String) -> String)?
  /// Each row has a box by which it is chosen for comparison, in the form around the table.
  var isSelectable = false

  private static let mostMetrics = 7
  private static let mostParams = 6

  /// The columns to show when none were chosen: the metrics that people look at first, then parameters in which the
  /// runs differ.
  ///
  /// - Parameter onlyDifferences: leaves out metrics in which all runs agree, too.
  static func columns(of usage: [KeyUsage], runs: Int, onlyDifferences: Bool) -> [RunColumn] {
    let metrics = usage.filter { $0.column.kind == .metric && (!onlyDifferences || differs($0, runs)) }.map(
      \.column.key)
    // Parameters in which all agree tell nothing apart; they stand on the run's own page.
    let params = usage.filter { $0.column.kind == .param && (runs < 2 || differs($0, runs)) }.map(\.column.key)
    let common = Set(usage.filter { $0.runs * 2 >= runs }.map(\.column.key))
    let ordered = metricOrder(metrics.filter { !$0.hasPrefix("system/") })
    // What most of them have comes before what a single one has a thousand of.
    let shown = ordered.filter(common.contains) + ordered.filter { !common.contains($0) }
    return shown.prefix(mostMetrics).map { RunColumn(.metric, $0) }
      + params.prefix(mostParams).map { RunColumn(.param, $0) }
  }

  /// Some have it and some do not, or they have different values.
  static func differs(_ usage: KeyUsage, _ runs: Int) -> Bool { usage.values > 1 || usage.runs < runs }

  func table(_ name: String, empty: String) -> Table {
    let fixed: [Table.Column] = [
      head("Run", "attributes.run_name"), .init("Status"), head("Started", "attributes.start_time"), .number("Took"),
    ]
    return Table(
      name,
      columns: (isSelectable ? [.init("Compare")] : []) + fixed
        + columns.map { head(Self.title($0), $0.reference, numeric: isNumeric($0)) },
      rows: runs.map { run in
        Table.Row((isSelectable ? [Self.box(run)] : []) + Self.first(run) + columns.map { cell($0, run) })
      }, empty: empty)
  }

  static func title(_ column: RunColumn) -> String {
    column.kind == .attribute ? column.key.replacing("_", with: " ") : column.key
  }

  private func isNumeric(_ column: RunColumn) -> Bool {
    switch column.kind {
    case .metric: true
    case .param: runs.allSatisfy { run in run.param(column.key).map { Double($0) != nil } ?? true }
    case .tag, .attribute: false
    }
  }

  /// A heading that sorts: best first for metrics, and the other way round on the second click.
  private func head(_ title: String, _ reference: String?, numeric: Bool = false) -> Table.Column {
    guard let orderLink, let reference else { return Table.Column(title, numeric: numeric) }
    let isDescending = order == "\(reference) DESC"
    let isAscending = order == "\(reference) ASC"
    return Table.Column(
      title, numeric: numeric, link: orderLink("\(reference) \(isDescending ? "ASC" : "DESC")"),
      order: isDescending ? "descending" : isAscending ? "ascending" : nil)
  }

  private static func box(_ run: Run) -> Cell {
    let name = escaped("Compare \(run.info.name)")
    return Cell(html: #"<input type="checkbox" name="run" value="\#(escaped(run.id.text))" aria-label="\#(name)">"#)
  }

  /// What every run has: its name, how it went, when, and how long.
  static func first(_ run: Run) -> [Cell] {
    let start = Timestamp(milliseconds: run.info.startTime)
    let took = run.info.endTime.map { readable(Timestamp(milliseconds: $0) - start) }
    return [
      .text(shortened(run.info.name, limit: 120), link: ObjectLink.run(run.id)), .badge(run.info.status.badge),
      .time(start), Cell(html: took ?? "–"),
    ]
  }

  private func cell(_ column: RunColumn, _ run: Run) -> Cell {
    column.kind == .metric
      ? .number(run.metric(column.key)) : .text(run.text(column).map { shortened($0, limit: 120) })
  }
}

extension RunStatus {
  var badge: Badge {
    switch self {
    case .running: Badge("running", .live)
    case .scheduled: Badge("scheduled")
    case .finished: Badge("finished", .good)
    case .failed: Badge("failed", .bad)
    case .killed: Badge("killed", .warn)
    }
  }
}
