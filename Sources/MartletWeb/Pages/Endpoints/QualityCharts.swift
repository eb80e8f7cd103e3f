import MartletCore
import MartletMonitoring
import MartletServing

/// Quality, value and drift window by window, with promotions and roll-backs marked.
struct QualityCharts {
  private let windows: [MonitorWindow]
  private let deployments: [Deployment]
  private let unit: String?

  init(_ content: EndpointPage.Content) {
    windows = content.windows.reversed()
    deployments = content.deployments
    unit = content.unit
  }

  var html: [String] {
    let value = chart(metricName("value_per_1000", unit: unit), ["value_per_1000"]) { $0.measures.quality?.metrics[$1] }
    let ranking = chart("Ranking quality", ["roc_auc", "pr_auc"]) { $0.measures.quality?.metrics[$1] }
    let errors = chart("Brier score", ["brier"]) { $0.measures.quality?.metrics[$1] }
    let drift = chart("Drift of the score (PSI)", ["psi"], includesZero: true) { window, _ in
      window.measures.prediction?.psi
    }
    return [value, ranking, errors, drift].compactMap(\.self)
  }

  private func chart(
    _ title: String, _ keys: [String], includesZero: Bool = false, value: (MonitorWindow, String) -> Double?
  ) -> String? {
    let series = keys.compactMap { key -> LineChart.Series? in
      let points = windows.map { window in
        (x: Double(window.to.milliseconds), y: value(window, key) ?? .nan)
      }
      guard points.contains(where: { $0.y.isFinite }) else { return nil }
      let loud = Set(windows.indices.filter { !windows[$0].verdicts.allSatisfy(\.isQuiet) && points[$0].y.isFinite })
      return LineChart.Series(metricName(key, unit: unit), points, marked: loud)
    }
    guard !series.isEmpty else { return nil }
    let chart = LineChart(title: title, series: series, axis: .time, events: events, includesZero: includesZero)
    let marks = series.contains { !$0.marked.isEmpty } ? " Marked: windows with an alert." : ""
    return Figure(
      title: "\(title) by window", svg: chart.svg,
      summary: chart.words + marks + (events.isEmpty ? "" : " Dashed: versions promoted or rolled back."),
      legend: series.map(\.name), table: table(title, keys, value)
    ).html
  }

  /// The same numbers, the newest window first.
  private func table(_ title: String, _ keys: [String], _ value: (MonitorWindow, String) -> Double?) -> Table {
    Table(
      "\(title) by window",
      columns: [.init("Window")] + keys.map { .number(metricName($0, unit: unit)) } + [.init("Verdict")],
      rows: windows.reversed().map { window in
        let values = keys.map { key in Cell(html: value(window, key).map { metricValue(key, $0) } ?? "–") }
        return Table.Row(
          [.text("\(window.from.day) to \(window.to.day)")] + values + [.badge(EndpointSummary.verdict(window))])
      })
  }

  /// Only what lies in the time that is drawn.
  private var events: [(label: String, x: Double)] {
    guard let first = windows.first?.from, let last = windows.last?.to else { return [] }
    return deployments.reversed().compactMap { deployment in
      guard let ended = deployment.endedAt, ended >= first, ended <= last else { return nil }
      let what = deployment.status == .promoted ? "live" : "rolled back"
      return (label: "v\(deployment.version.version) \(what)", x: Double(ended.milliseconds))
    }
  }
}
