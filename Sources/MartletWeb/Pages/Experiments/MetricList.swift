import MartletCore
import MartletTracking

/// A run's metrics: those that a search finds, a page at a time, and which of them have a course to draw.
struct MetricList {
  var metrics: [Metric]
  /// Keys of metrics with more than one point.
  var courses: [String]
  /// A part of a name.
  var search: String?
  /// Pages of the table and of the charts, from 1.
  var page: Int
  var chartPage: Int

  static let rowsOnAPage = 30
  static let chartsOnAPage = 12
  static let mostSystemCharts = 12
  private static let system = "system/"

  init(_ metrics: [Metric], courses: [String], request: PageRequest) {
    let search = request.text("metric")
    let found = { (key: String) in search.map { key.lowercased().contains($0.lowercased()) } ?? true }
    self.metrics = metrics.filter { found($0.key) }
    self.courses = courses.filter(found)
    self.search = search
    page = Self.number(request.text("page"))
    chartPage = Self.number(request.text("charts"))
  }

  private static func number(_ text: String?) -> Int { min(max(1, text.flatMap(Int.init) ?? 1), 1_000_000) }

  // MARK: What the page shows

  /// Keys in the order of the table: the metrics that people look at first, the machine's own last.
  private var order: [String] {
    let keys = metricOrder(metrics.map(\.key))
    return keys.filter { !$0.hasPrefix(Self.system) } + keys.filter { $0.hasPrefix(Self.system) }
  }

  private func part<Item>(_ items: [Item], page: Int, size: Int) -> [Item] {
    Array(items.dropFirst((page - 1) * size).prefix(size))
  }

  private var modelCourses: [String] { metricOrder(courses.filter { !$0.hasPrefix(Self.system) }) }
  private var systemCourses: [String] { courses.filter { $0.hasPrefix(Self.system) } }

  var charted: [String] { part(modelCourses, page: chartPage, size: Self.chartsOnAPage) }
  var chartedSystem: [String] { Array(systemCourses.prefix(Self.mostSystemCharts)) }

  var systemSummary: String? {
    guard !systemCourses.isEmpty else { return nil }
    let more = systemCourses.count - Self.mostSystemCharts
    return counted(systemCourses.count, "system metric")
      + (more > 0 ? "; the first \(Self.mostSystemCharts), others by a search for their name" : "")
  }

  /// - Parameter curves: the courses that are drawn on this page, by metric.
  func table(curves: [String: MetricCurve]) -> Table {
    let byKey = Dictionary(metrics.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    let shown = part(order, page: page, size: Self.rowsOnAPage).compactMap { byKey[$0] }
    return Table(
      "Metrics", columns: [.init("Metric"), .number("Value"), .number("Step")],
      rows: shown.map { metric in
        Table.Row([.metric(metric.key, course: curves[metric.key]), .number(metric.value), .count(metric.step)])
      }, empty: search == nil ? "No metrics were logged." : "No metric has this in its name.")
  }

  /// What the template needs to search and to turn pages.
  struct Model {
    var search: String
    var hasSearch: Bool
    var summary: String
    var isLong: Bool
    var pages: [Link]
    var chartPages: [Link]
    var chartSummary: String?
  }

  func model(path: String, options: CurveOptions) -> Model {
    func address(page: Int, charts: Int) -> String {
      let pages = [("page", page > 1 ? "\(page)" : nil), ("charts", charts > 1 ? "\(charts)" : nil)]
      return link(path, [("metric", search)] + options.query + pages)
    }
    let pages = Self.neighbours(page, of: metrics.count, size: Self.rowsOnAPage, noun: "metrics") {
      address(page: $0, charts: chartPage) + "#metrics"
    }
    let chartPages = Self.neighbours(chartPage, of: modelCourses.count, size: Self.chartsOnAPage, noun: "charts") {
      address(page: page, charts: $0) + "#charts"
    }
    return Model(
      search: search ?? "", hasSearch: search != nil,
      summary: counted(metrics.count, "metric") + (search == nil ? "" : " found"),
      isLong: metrics.count > 20 || search != nil, pages: pages, chartPages: chartPages,
      chartSummary: modelCourses.count > Self.chartsOnAPage
        ? "\(range(modelCourses.count)) of \(counted(modelCourses.count, "course"))" : nil)
  }

  private func range(_ count: Int) -> String {
    let first = (chartPage - 1) * Self.chartsOnAPage + 1
    return first > count ? "none" : "\(first) to \(min(count, first + Self.chartsOnAPage - 1))"
  }

  private static func neighbours(_ page: Int, of count: Int, size: Int, noun: String, _ address: (Int) -> String)
    -> [Link]
  {
    let last = max(1, (count + size - 1) / size)
    return (page > 1 ? [Link(label: "Previous \(noun)", link: address(min(page - 1, last)))] : [])
      + (page < last ? [Link(label: "Next \(noun)", link: address(page + 1))] : [])
  }
}

extension Cell {
  /// As many values as a line in a table can show.
  private static let valuesOfACourse = 80

  /// A metric's name, and below it how it went: a column of its own would have no room on most screens.
  fileprivate static func metric(_ key: String, course curve: MetricCurve?) -> Cell {
    guard let curve else { return .text(key) }
    let means = curve.parts.compactMap(\.mean)
    let stride = max(1, (means.count + valuesOfACourse - 1) / valuesOfACourse)
    let values = means.indices.filter { (means.count - 1 - $0) % stride == 0 }.map { means[$0] }
    var cell = Cell.text(key, link: "#chart-\(key)")
    cell.html += Sparkline(title: key, values: values).svg
    return cell
  }
}
