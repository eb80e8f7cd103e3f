import MartletCore
import MartletTracking

/// The course of a metric over its steps, of one run or of several: drawn on the server, and again by ECharts where it
/// is there.
struct MetricFigure {
  struct Line {
    var run: String
    var points: [Metric]
  }

  var key: String
  var lines: [Line]

  var html: String {
    let chart = LineChart(
      title: isAlone ? "\(key) of \(lines[0].run)" : key,
      series: lines.map { .init(isAlone ? key : $0.run, placed($0)) }, axis: overSteps ? .number : .time)
    return Figure(
      title: key, svg: chart.svg, summary: chart.words, legend: lines.map(\.run),
      table: isAlone ? points(of: lines[0]) : ends, plot: plot, id: "chart-\(key)"
    ).html
  }

  private var isAlone: Bool { lines.count == 1 }
  private var overSteps: Bool { Set(lines.flatMap { $0.points.map(\.step) }).count > 1 }

  private func placed(_ line: Line) -> [(x: Double, y: Double)] {
    let overSteps = overSteps
    return line.points.map { (x: Double(overSteps ? $0.step : $0.timestamp), y: $0.value) }
  }

  private var plot: JSON? {
    let series = lines.map { line -> JSON in
      let data = placed(line).filter { $0.y.isFinite }.map { JSON.array([.double($0.x), .double($0.y)]) }
      return [
        "type": "line", "name": .string(isAlone ? key : line.run), "showSymbol": .boolean(data.count < 60),
        "data": .array(data),
      ]
    }
    guard lines.contains(where: { $0.points.count > 1 }) else { return nil }
    return [
      "grid": ["left": 64, "right": 16, "top": 16, "bottom": 56],
      "xAxis": ["type": .string(overSteps ? "value" : "time"), "scale": true],
      "yAxis": ["type": "value", "scale": true],
      "dataZoom": [["type": "inside"], ["type": "slider", "height": 18, "bottom": 8]],
      "series": .array(series),
    ]
  }

  private func points(of line: Line) -> Table {
    let shown = line.points.count > 200 ? Array(line.points.suffix(200)) : line.points
    return Table(
      "Points of \(key)",
      caption: shown.count < line.points.count ? "The last 200 of \(line.points.count) points." : nil,
      columns: [.number("Step"), .init("Time"), .number("Value")],
      rows: shown.map { Table.Row([.count($0.step), .time(Timestamp(milliseconds: $0.timestamp)), .number($0.value)]) })
  }

  /// Where each run's course began, ended and how far it went.
  private var ends: Table {
    Table(
      "\(key) by run",
      columns: [
        .init("Run"), .number("Points"), .number("First"), .number("Last"), .number("Least"), .number("Greatest"),
      ],
      rows: lines.map { line in
        let values = line.points.map(\.value).filter(\.isFinite)
        return Table.Row([
          .text(line.run), .count(line.points.count), .number(values.first), .number(values.last),
          .number(values.min()), .number(values.max()),
        ])
      })
  }
}
