import MartletCore
import MartletData
import MartletStatistics

/// A control chart with its limits and the points that are out of control.
struct ControlFigure {
  private let series: ControlSeries
  private let number: Int

  init(_ series: ControlSeries, number: Int) {
    self.series = series
    self.number = number
  }

  var html: String {
    Figure(
      title: title, svg: chart.svg, summary: summary, legend: ["\(series.name)"], table: table, id: "chart-\(number)"
    ).html
  }

  private var title: String {
    let stratum = series.spec.stratum.map { ", each \($0.rawValue) for itself" } ?? ""
    return "\(series.name) · \(series.spec.chart.rawValue) chart\(stratum)"
  }

  private var outOfControl: [ControlSeries.Point] { series.points.filter { !$0.violations.isEmpty } }

  private var summary: String {
    if let note = series.note { return "No limits: \(note)." }
    let rules = "rules: \(series.spec.rules)"
    guard !outOfControl.isEmpty else { return "All \(series.points.count) points are in control (\(rules))." }
    let shown = outOfControl.suffix(3).map(\.partition).joined(separator: ", ")
    let rest = outOfControl.count > 3 ? " and \(outOfControl.count - 3) earlier" : ""
    return "\(outOfControl.count) of \(series.points.count) points are out of control: \(shown)\(rest) (\(rules))."
  }

  private var chart: LineChart {
    let places = series.points.enumerated().map { index, point in
      Timestamp(point.partition).map { Double($0.milliseconds) } ?? Double(index)
    }
    let isTime = series.points.allSatisfy { Timestamp($0.partition) != nil } && !series.points.isEmpty
    let x = isTime ? places : series.points.indices.map(Double.init)
    let marked = Set(series.points.indices.filter { !series.points[$0].violations.isEmpty })
    var chart = LineChart(
      title: title, series: [.init(series.name, zip(x, series.points).map { ($0, $1.value ?? .nan) }, marked: marked)],
      axis: isTime ? .time : .number)
    chart.width = 1000
    chart.band = zip(x, series.points).compactMap { place, point in
      guard let upper = point.upper, let centre = point.centre else { return nil }
      return (place, point.lower ?? min(0, centre), upper)
    }
    chart.centre = zip(x, series.points).compactMap { place, point in point.centre.map { (place, $0) } }
    return chart
  }

  /// Every point, newest first.
  private var table: Table {
    Table(
      "Points of \(series.name)",
      columns: [
        .init("Partition"), .number("Value"), .number("Lower limit"), .number("Centre"), .number("Upper limit"),
        .init("Verdict"),
      ],
      rows: series.points.reversed().map { point in
        Table.Row([
          .text(point.partition, detail: point.stratum), .number(point.value), .number(point.lower),
          .number(point.centre),
          .number(point.upper), .badge(Self.verdict(point)),
        ])
      })
  }

  private static func verdict(_ point: ControlSeries.Point) -> Badge {
    if point.isQuarantined { return Badge("held back", .bad) }
    if !point.violations.isEmpty { return Badge("out of control", .warn) }
    return point.isBaseline ? Badge("baseline") : Badge("in control", .good)
  }

  /// All points out of control of all charts: which day, which chart, which rule.
  static func violations(_ charts: [ControlSeries]) -> Table {
    let found = charts.enumerated().flatMap { number, series in
      series.points.filter { !$0.violations.isEmpty }.map { (number, series, $0) }
    }.sorted { $0.2.partition > $1.2.partition }
    return Table(
      "Points out of control", caption: found.count > 100 ? "The newest 100 of \(found.count)." : nil,
      columns: [
        .init("Partition"), .init("Chart"), .number("Value"), .init("Rule"), .init("In words"), .init("Consequence"),
      ],
      rows: found.prefix(100).map { number, series, point in
        let consequence =
          point.isQuarantined
          ? Badge("held back", .bad) : point.isBaseline ? Badge("noted (baseline)") : Badge("warning", .warn)
        return Table.Row([
          .text(point.partition, detail: point.stratum), .text(series.name, link: "#chart-\(number + 1)"),
          .number(point.value),
          .text(
            point.violations.map(\.rawValue).joined(separator: ", "),
            detail: point.violations.map(\.meaning).joined(separator: "; ")),
          .text(point.explanation), .badge(consequence),
        ])
      }, empty: "Every point of every chart is in control.")
  }
}
