import MartletCore
import MartletTracking

extension ComparePage {
  static func parallel(_ content: Content) -> String? {
    guard content.axes.count > 1 else { return nil }
    let chart = ParallelChart(
      title: "Parallel coordinates", names: content.runs.map(\.info.name),
      dimensions: content.axes.map { column in
        .init(name: column.key, values: content.runs.map { $0.text(column) })
      })
    let table = Table(
      "Parallel coordinates", columns: [.init("Run")] + content.axes.map { .number($0.key) },
      rows: content.runs.map { run in
        Table.Row(
          [.text(run.info.name, link: ObjectLink.run(run.id))]
            + content.axes.map { column in
              column.kind == .metric ? .number(run.metric(column.key)) : .text(run.text(column))
            })
      })
    return Figure(
      title: "How their numbers hang together", svg: chart.svg,
      summary: chart.summary + " Where the picture is live, drag along an axis to keep the lines that cross it.",
      table: table, plot: chart.plot, id: "parallel"
    ).html
  }

  /// Metrics, and parameters that are numbers in every run that has them.
  static func numeric(_ content: Content) -> [RunColumn] {
    content.columns.filter { column in
      guard column.kind == .metric || column.kind == .param else { return false }
      let values = content.runs.compactMap { $0.text(column) }
      return !values.isEmpty && values.allSatisfy { Double($0) != nil }
    }
  }

  /// As the address says, else the first parameter in which they differ against the first metric.
  static func scatterAxes(_ content: Content, _ numeric: [RunColumn]) -> (x: RunColumn?, y: RunColumn?) {
    let metrics = content.axes.filter { $0.kind == .metric } + numeric.filter { $0.kind == .metric }
    let params = content.axes.filter { $0.kind == .param && numeric.contains($0) }
    let y = content.view.y ?? metrics.first
    let x = content.view.x ?? params.first ?? metrics.first { $0 != y }
    return (x, y)
  }

  static func choices(_ columns: [RunColumn], _ chosen: RunColumn?) -> [Choice] {
    let all = columns.prefix(200) + (chosen.map { columns.prefix(200).contains($0) ? [] : [$0] } ?? [])
    return all.compactMap { column in
      column.reference.map {
        Choice(value: $0, label: "\(column.key) (\(column.kind.rawValue))", isChosen: column == chosen)
      }
    }
  }

  static func scatter(_ x: RunColumn, _ y: RunColumn, _ runs: [Run]) -> String {
    func number(_ column: RunColumn, _ run: Run) -> Double? {
      column.kind == .metric ? run.metric(column.key) : run.text(column).flatMap(Double.init)
    }
    let points = runs.compactMap { run -> (name: String, x: Double, y: Double)? in
      guard let across = number(x, run), let up = number(y, run) else { return nil }
      return (run.info.name, across, up)
    }
    let chart = ScatterChart(xName: x.key, yName: y.key, points: points)
    let table = Table(
      "\(y.key) over \(x.key)", columns: [.init("Run"), .number(x.key), .number(y.key)],
      rows: points.map { Table.Row([.text($0.name), .number($0.x), .number($0.y)]) }, empty: "No run has both.")
    return Figure(
      title: "\(y.key) over \(x.key)", svg: chart.svg, summary: chart.summary, table: table,
      plot: points.isEmpty ? nil : chart.plot, id: "scatter"
    ).html
  }
}
