import MartletCore
import MartletMonitoring

/// How far each input of a window is from training: bars in units of the input's own threshold.
struct DriftFigure {
  let html: String

  init?(_ window: MonitorWindow) {
    let columns = ([window.measures.prediction].compactMap(\.self) + window.measures.columns)
    guard !columns.isEmpty else { return nil }
    let ordered = columns.sorted { Self.distance($0) > Self.distance($1) }
    let chart = BarChart(
      title: "Distance to training, 1 is the threshold",
      bars: ordered.prefix(20).map { .init($0.column, Self.distance($0), marked: $0.drifted) }, limit: 1)
    let drifted = columns.count { $0.drifted }
    let words =
      drifted == 0
      ? "Nothing drifted."
      : "\(drifted) of \(columns.count) drifted: \(ordered.filter(\.drifted).prefix(5).map(\.column).joined(separator: ", "))."
    html =
      Figure(
        title: "Drift in the window \(window.from.day) to \(window.to.day)", svg: chart.svg,
        summary: "\(words) Bars: distance to the training rows as a multiple of the threshold.",
        table: Self.table(ordered)
      ).html
  }

  private static func distance(_ column: ColumnDrift) -> Double {
    column.threshold > 0 && column.statistic.isFinite ? column.statistic / column.threshold : 0
  }

  private static func table(_ columns: [ColumnDrift]) -> Table {
    Table(
      "Drift by input",
      columns: [
        .init("Input"), .init("Verdict"), .init("Test"), .number("Statistic"), .number("Threshold"), .number("PSI"),
        .number("Missing"),
        .number("Missing in training"), .number("New categories"), .number("Mean"), .number("Mean in training"),
      ],
      rows: columns.map { column in
        Table.Row([
          .code(column.column), .badge(column.drifted ? Badge("drifted", .warn) : Badge("as before", .good)),
          .text(column.test),
          .number(column.statistic), .number(column.threshold), .number(column.psi), .share(column.missingShare),
          .share(column.referenceMissingShare), .share(column.unseenShare), .number(column.mean),
          .number(column.referenceMean),
        ])
      })
  }
}
