import MartletCore
import MartletTracking

/// What several runs have in each of some columns: a row for each, marked where the runs differ.
struct ComparisonTable {
  var title: String
  var runs: [Run]
  var columns: [RunColumn]
  /// There are more than these.
  var isCut: Bool
  var onlyDifferences: Bool

  var table: Table {
    let rows = columns.compactMap { column -> Table.Row? in
      let values = runs.map { value(column, $0) }
      let differs = Set(values).count > 1
      guard differs || !onlyDifferences else { return nil }
      return Table.Row([.code(column.key)] + values.map { .text($0) }, marked: differs)
    }
    return Table(
      title, caption: isCut ? "The first \(columns.count); others by a search for their name." : nil,
      columns: [.init("Name")] + runs.map { .number(shortened($0.info.name, limit: 40)) }, rows: rows,
      empty: onlyDifferences ? "None in which the runs differ." : "None were logged.")
  }

  private func value(_ column: RunColumn, _ run: Run) -> String? {
    column.kind == .metric ? run.metric(column.key).map(readable) : run.text(column).map { shortened($0, limit: 160) }
  }
}
