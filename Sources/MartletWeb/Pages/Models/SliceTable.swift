import MartletCore
import MartletModels

/// How good a version is on each value of a column.
struct SliceTable {
  var column: String
  var table: String

  static func tables(_ evaluation: BinaryEvaluation, unit: String?) -> [SliceTable] {
    var order: [String] = []
    for slice in evaluation.slices where !order.contains(slice.column) { order.append(slice.column) }
    return order.map { column in
      SliceTable(
        column: column, table: table(column, evaluation.slices.filter { $0.column == column }, unit: unit).html)
    }
  }

  private static func table(_ column: String, _ slices: [BinaryEvaluation.Slice], unit: String?) -> Table {
    let shown = slices.sorted { $0.rows > $1.rows }
    let keys = metricOrder(Set(shown.flatMap { $0.metrics.map { Array($0.keys) } ?? [] })).filter {
      ["roc_auc", "pr_auc", "brier", "value_per_1000"].contains($0)
    }
    return Table(
      "By \(column)",
      caption: "Measured from \(BinaryEvaluation.smallestSlice) rows on"
        + (shown.count > 40 ? "; the 40 largest of \(shown.count)" : "") + ".",
      columns: [.init(column), .number("Rows"), .number("Outcome share")]
        + keys.map { .number(metricName($0, unit: unit)) },
      rows: shown.prefix(40).map { slice in
        Table.Row(
          [.text(slice.value), .count(slice.rows), .share(slice.positiveShare)]
            + keys.map { key in
              Cell(html: slice.metrics?[key].map { metricValue(key, $0) } ?? #"<span class="muted">too few</span>"#)
            })
      })
  }
}
