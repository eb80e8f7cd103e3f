import MartletCore
import MartletTracking

/// The course of a metric over its steps: drawn on the server, and again by ECharts where it is there.
struct MetricFigure {
  var key: String
  var points: [Metric]
  var run: String

  var html: String {
    let overSteps = Set(points.map(\.step)).count > 1
    let placed = points.map { (x: Double(overSteps ? $0.step : $0.timestamp), y: $0.value) }
    let chart = LineChart(title: "\(key) of \(run)", series: [.init(key, placed)], axis: overSteps ? .number : .time)
    return Figure(
      title: key, svg: chart.svg, summary: chart.summary, table: table(overSteps), plot: plot(placed, overSteps),
      id: "chart-\(key)"
    ).html
  }

  private func plot(_ placed: [(x: Double, y: Double)], _ overSteps: Bool) -> JSON? {
    let data = placed.filter { $0.y.isFinite }.map { JSON.array([.double($0.x), .double($0.y)]) }
    guard data.count > 1 else { return nil }
    return [
      "grid": ["left": 64, "right": 16, "top": 16, "bottom": 56],
      "xAxis": ["type": .string(overSteps ? "value" : "time"), "scale": true],
      "yAxis": ["type": "value", "scale": true],
      "dataZoom": [["type": "inside"], ["type": "slider", "height": 18, "bottom": 8]],
      "series": [
        ["type": "line", "name": .string(key), "showSymbol": .boolean(data.count < 60), "data": .array(data)]
      ],
    ]
  }

  private func table(_ overSteps: Bool) -> Table {
    let shown = points.count > 200 ? Array(points.suffix(200)) : points
    return Table(
      "Points of \(key)", caption: shown.count < points.count ? "The last 200 of \(points.count) points." : nil,
      columns: [.number("Step"), .init("Time"), .number("Value")],
      rows: shown.map { Table.Row([.count($0.step), .time(Timestamp(milliseconds: $0.timestamp)), .number($0.value)]) })
  }
}
