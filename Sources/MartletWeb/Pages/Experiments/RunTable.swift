import MartletCore
import MartletTracking

/// Runs as rows, with the metrics and parameters that tell them apart as columns.
struct RunTable {
  /// Metrics, then parameters.
  enum Column: Hashable {
    case metric(String)
    case param(String)

    /// As MLflow's filters and orders name it: ``metrics.`roc_auc` ``.
    var reference: String {
      switch self {
      case .metric(let key): "metrics.`\(key)`"
      case .param(let key): "params.`\(key)`"
      }
    }

    var title: String {
      switch self {
      case .metric(let key), .param(let key): key
      }
    }
  }

  var runs: [Run]
  var columns: [Column]
  /// What the rows are ordered by, such as `metrics.roc_auc DESC`.
  var order: String?
  /// The address of the same table in another order; nil: the order is fixed.
  var orderLink: ((String) -> String)?
  /// Each row has a box by which it is chosen for comparison, in the form around the table.
  var isSelectable = false

  private static let mostMetrics = 7
  private static let mostParams = 6

  /// - Parameter onlyDifferences: leaves out columns in which all runs agree.
  static func columns(of runs: [Run], onlyDifferences: Bool) -> [Column] {
    let metrics = metricOrder(Set(runs.flatMap { $0.metrics.map(\.key) }))
    let params = Set(runs.flatMap { $0.params.map(\.key) }).sorted()
    let shownMetrics = metrics.filter { key in !onlyDifferences || differs(runs.map { $0.metric(key).map(readable) }) }
    // Parameters in which all agree tell nothing apart; they stand on the run's own page.
    let differing = runs.count < 2 ? params : params.filter { key in differs(runs.map { $0.param(key) }) }
    return shownMetrics.prefix(mostMetrics).map(Column.metric) + differing.prefix(mostParams).map(Column.param)
  }

  private static func differs(_ values: [String?]) -> Bool { Set(values).count > 1 }

  func table(_ name: String, empty: String) -> Table {
    let fixed: [Table.Column] = [
      head("Run", "attributes.run_name"), .init("Status"), head("Started", "attributes.start_time"), .number("Took"),
    ]
    return Table(
      name,
      columns: (isSelectable ? [.init("Compare")] : []) + fixed
        + columns.map { head($0.title, $0.reference, numeric: isNumeric($0)) },
      rows: runs.map { run in
        Table.Row((isSelectable ? [Self.box(run)] : []) + Self.first(run) + columns.map { cell($0, run) })
      }, empty: empty)
  }

  private func isNumeric(_ column: Column) -> Bool {
    switch column {
    case .metric: true
    case .param(let key): runs.allSatisfy { run in run.param(key).map { Double($0) != nil } ?? true }
    }
  }

  /// A heading that sorts: best first for metrics, and the other way round on the second click.
  private func head(_ title: String, _ reference: String, numeric: Bool = false) -> Table.Column {
    guard let orderLink else { return Table.Column(title, numeric: numeric) }
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
      .text(run.info.name, link: "/runs/\(run.id)"), .badge(run.info.status.badge), .time(start),
      Cell(html: took ?? "–"),
    ]
  }

  private func cell(_ column: Column, _ run: Run) -> Cell {
    switch column {
    case .metric(let key): .number(run.metric(key))
    case .param(let key): .text(run.param(key))
    }
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
