import MartletCore
import MartletTracking

/// Groups of runs with the mean and the spread of their metrics, such as over seeds.
struct GroupTable {
  var groups: RunGroups
  var column: RunColumn
  var metrics: [String]
  /// The runs of one group.
  var link: (String?) -> String?

  var table: Table {
    Table(
      "Groups by \(column.key)",
      caption: (groups.isCut ? "The \(RunGroups.most) largest groups. " : "")
        + "Mean ± standard deviation of the sample (n − 1); below: least to greatest, and the number of runs where some lack it.",
      columns: [.init(column.key), .number("Runs")] + metrics.map { .number($0) },
      rows: ordered.map { group in
        Table.Row(
          [.text(Self.label(group.value), link: link(group.value)), .count(group.runs)]
            + metrics.map { cell($0, group) })
      }, empty: "No run matches the filter.")
  }

  /// The largest first; of equal ones numbers in their order.
  private var ordered: [RunGroup] {
    func number(_ group: RunGroup) -> Double {
      group.value.flatMap(Double.init).flatMap { $0.isNaN ? nil : $0 } ?? .infinity
    }
    return groups.groups.enumerated().sorted { a, b in
      (b.element.runs, number(a.element), a.offset) < (a.element.runs, number(b.element), b.offset)
    }.map(\.element)
  }

  private static func label(_ value: String?) -> String {
    guard let value else { return "(not set)" }
    return value.isEmpty ? "(empty)" : shortened(value, limit: 100)
  }

  private func cell(_ metric: String, _ group: RunGroup) -> Cell {
    guard let spread = group.metrics[metric] else { return Cell(html: "–") }
    let deviation = spread.deviation.map { " ± \(readable($0))" } ?? ""
    let range = spread.count > 1 ? "\(readable(spread.low)) to \(readable(spread.high))" : "1 run"
    let some = spread.count < group.runs && spread.count > 1 ? ", n = \(grouped(Int64(spread.count)))" : ""
    return Cell(
      html: """
        <span class="nowrap">\(readable(spread.mean))\(deviation)</span><br>\
        <span class="muted small nowrap">\(escaped(range + some))</span>
        """)
  }
}
