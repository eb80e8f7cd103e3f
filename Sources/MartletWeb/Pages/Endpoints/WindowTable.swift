import MartletCore
import MartletMonitoring

/// Every window with its measures and its verdict, newest first.
struct WindowTable {
  private let windows: [MonitorWindow]
  private let unit: String?

  init(_ content: EndpointPage.Content) {
    windows = content.windows
    unit = content.unit
  }

  var table: Table {
    Table(
      "Windows", caption: "In event time, newest first.",
      columns: [
        .init("Window"), .init("Verdict"), .number("Rows"), .number("With outcome"), .number("ROC AUC"),
        .number("PR AUC"),
        .number("Brier"),
        .number("\(unit ?? "Value") per 1,000"), .number("PSI of the score"), .number("Inputs drifted"),
        .number("p99 ms"),
      ],
      rows: windows.map(row), empty: "No window has ended yet. Windows follow the project's event time.")
  }

  private func row(_ window: MonitorWindow) -> Table.Row {
    let measures = window.measures
    let metrics = measures.quality?.metrics ?? [:]
    func metric(_ key: String) -> Cell { Cell(html: metrics[key].map { metricValue(key, $0) } ?? "–") }
    let reasons = window.verdicts.flatMap { $0.findings.map(\.reason) }
    return Table.Row([
      .text("\(window.from.day) to \(window.to.day)", detail: Self.versions(measures)),
      .badge(EndpointSummary.verdict(window), detail: reasons.isEmpty ? nil : reasons.joined(separator: "; ")),
      .count(measures.rows),
      Cell(html: measures.quality.map { grouped(Int64($0.labelled)) } ?? "–"), metric("roc_auc"), metric("pr_auc"),
      metric("brier"),
      metric("value_per_1000"), .number(measures.prediction?.psi),
      Cell(html: "\(measures.columns.count { $0.drifted }) of \(measures.columns.count)"),
      .number(measures.service.latencyP99Milliseconds),
    ])
  }

  /// Which versions answered, where it was more than one.
  private static func versions(_ measures: WindowMeasures) -> String? {
    guard measures.rowsByVersion.count > 1 else { return measures.rowsByVersion.keys.first }
    return measures.rowsByVersion.sorted { $0.value > $1.value }.map { "\($0.key): \(grouped(Int64($0.value)))" }
      .joined(separator: ", ")
  }
}
