import Foundation
import MartletCore
import Testing

@testable import MartletWeb

@Suite("Parts of pages")
struct PartsTests {
  @Test("Markup in a cell, a heading or a link is shown, not obeyed")
  func escaping() {
    let table = Table(
      "a\"b", columns: [.init("<th>")],
      rows: [.init([.text("<i>", link: "/x?a=\"1\"", detail: "<u>")], id: "\"><script>")])
    #expect(!table.html.contains("<i>"))
    #expect(!table.html.contains("<u>"))
    #expect(!table.html.contains("<script>"))
    #expect(table.html.contains("aria-label=\"a&quot;b\""))
    #expect(table.html.contains(#"href="/x?a=&quot;1&quot;""#))
  }

  @Test("An empty table says so instead of showing bare headings")
  func emptyTable() {
    #expect(
      Table("x", columns: [.init("A")], rows: [], empty: "No runs yet.").html == #"<p class="empty">No runs yet.</p>"#)
  }

  @Test(
    "Durations and sizes are read at a glance",
    arguments: [
      (340, "340 ms"), (2500, "2.5 s"), (42_000, "42 s"), (125_000, "2 min 5 s"), (7_500_000, "2 h 5 min"),
      (90_000_000, "1 d 1 h"),
    ])
  func durations(milliseconds: Int, text: String) { #expect(readable(Duration.milliseconds(milliseconds)) == text) }

  @Test(
    "Numbers of any size have a text",
    arguments: [
      (1234567.0, "1,234,567"), (1e15, "1e15"), (1.5e300, "1.5e300"), (-1.7e308, "−1.7e308"), (5e-324, "4.94e-324"),
      (0.00002, "2e-5"), (.nan, "–"), (-.infinity, "−∞"),
    ])
  func numbers(_ value: Double, _ text: String) { #expect(readable(value) == text) }

  @Test("A chart of the largest numbers there are is drawn, and ends")
  func extremes() {
    let points = [-Double.greatestFiniteMagnitude, 0, 5e-324, .nan, .infinity, .greatestFiniteMagnitude]
    let series = LineChart.Series("loss", points.enumerated().map { (x: Double($0), y: $1) })
    for chart in [
      LineChart(title: "t", series: [series]),
      LineChart(title: "t", series: [.init("x", points.map { (x: $0, y: $0) })], axis: .time),
      LineChart(title: "t", series: [.init("tiny", [(x: 0, y: 0), (x: 5e-324, y: 5e-324)])]),
    ] {
      #expect(chart.svg.hasSuffix("</svg>"))
      #expect(!chart.svg.contains("nan") && !chart.svg.contains("inf\""))
    }
  }

  @Test("Sizes are binary", arguments: [(Int64(512), "512 bytes"), (1536, "1.5 KiB"), (52_428_800, "50 MiB")])
  func sizes(bytes: Int64, text: String) { #expect(readableSize(bytes) == text) }

  @Test(
    "Objects of the ledger lead to their pages",
    arguments: [
      ("dataset:flight-delay/flights", "/data/flight-delay/flights"),
      ("model:flight-delay@3", "/models/flight-delay/3"),
      ("model:a b", "/models/a%20b"), ("endpoint:x", "/endpoints/x"), ("run:abc", "/runs/abc"),
      ("pipeline:abc", "/pipelines/abc"),
      ("data:p/n@0123", "/data/p/n#versions"), ("feature:p/v", "/data#feature-p-v"), ("policy:x", nil),
      ("nonsense", nil), ("model:", nil),
    ] as [(String, String?)])
  func objectLinks(object: String, page: String?) { #expect(ObjectLink.page(of: object) == page) }

  @Test(
    "The subject of an alert is written as words, ids of 32 digits shortened",
    arguments: [
      ("endpoint:flight-delay", "Endpoint flight-delay"),
      ("dataset:flight-delay/flights", "Dataset flight-delay/flights"),
      ("pipeline-run:0123456789abcdef0123456789abcdef", "Pipeline run 01234567"), ("nonsense", "nonsense"),
    ])
  func objectWords(object: String, words: String) { #expect(ObjectLink.words(object) == words) }

  @Test(
    "Numbers have four significant digits and one minus sign",
    arguments: [(0.71234, "0.7123"), (-0.5, "−0.5"), (-4126.4, "−4,126"), (-3, "−3"), (0.00001234, "1.23e-5")])
  func numbers(value: Double, text: String) { #expect(readable(value) == text) }

  @Test("Shares have a decimal where it says something", arguments: [(0.2, "20 %"), (0.125, "12.5 %"), (1, "100 %")])
  func shares(share: Double, text: String) { #expect(percent(share) == text) }

  @Test("A graph stands in as few columns as its longest path, each as wide as its text, sources beside their targets")
  func graph() throws {
    let nodes = ["a", "b", "c", "late"].map { GraphDrawing.Node(id: $0, label: $0 == "b" ? "a long name of b" : $0) }
    let svg = GraphDrawing(title: "g", nodes: nodes, edges: [("a", "b"), ("b", "c"), ("late", "c")]).svg
    func left(_ label: String) throws -> Double {
      let box = try #require(svg.range(of: ">\(label)<")).lowerBound
      let start = try #require(svg[..<box].range(of: "<rect x=\"", options: .backwards)).upperBound
      return try #require(Double(svg[start...].prefix { $0 != "\"" }))
    }
    #expect(try left("late") == left("a long name of b"))
    #expect(try left("c") - left("late") > left("late") - left("a"))
  }

  @Test("A histogram is drawn over the range of its values, and told in words and as a table")
  func histogram() {
    let chart = Histogram(
      title: "Histogram of x", bins: [.init(from: 0, to: 10, count: 1500), .init(from: 10, to: 20, count: 3)])
    #expect(chart.svg.contains("0 to 10: 1,500"))
    #expect(chart.svg.contains(#"aria-label="Histogram of x. 0 to 10: 1,500. 10 to 20: 3""#))
    #expect(chart.table.html.contains("1,500"))
    #expect(Histogram(title: "none", bins: []).svg.isEmpty)
  }

  @Test("Between whole steps the axis of a chart has no marks")
  func wholeTicks() {
    let chart = LineChart(title: "t", series: [.init("s", [(1, 0.5), (2, 0.6)])])
    #expect(!chart.svg.contains(">1.2<"))
    #expect(chart.svg.contains(">2<"))
  }

  @Test("Addresses keep what was asked for, encoded once, and leave out what is empty")
  func links() {
    #expect(link("/x", ["a": "1 & 2", "b": nil, "c": ""]) == "/x?a=1%20%26%202")
    #expect(link("/x", ["a": nil]) == "/x")
  }

  @Test("The metrics that people compare first come first")
  func order() {
    #expect(metricOrder(["zeta", "brier", "roc_auc", "alpha"]) == ["roc_auc", "brier", "alpha", "zeta"])
  }
}

@Suite("Charts")
struct ChartTests {
  @Test("A line chart says in words what it shows")
  func summary() {
    let chart = LineChart(title: "Loss", series: [.init("a", [(0, 1), (1, .nan), (2, 3)], marked: [2])])
    #expect(chart.summary == "Loss. a: 2 points from 1 to 3, last 3, 1 marked")
    #expect(chart.svg.contains(#"role="img""#))
  }

  @Test("A line is broken where a value is missing, and never drawn at NaN")
  func gaps() {
    let svg = LineChart(title: "x", series: [.init("a", [(0, 1), (1, .nan), (2, 3), (3, .infinity)])]).svg
    #expect(!svg.contains("nan"))
    #expect(!svg.contains("inf"))
  }

  @Test(
    "The axis of time has four to nine round places",
    arguments: [0.5, 3, 30, 200, 1500])
  func ticks(days: Double) {
    let length = days * 86_400_000
    let start = Double(Timestamp(year: 2013, month: 1, day: 1).milliseconds) + 1
    let ticks = TimeTicks.ticks(from: start, to: start + length)
    #expect((2...13).contains(ticks.count), "\(ticks)")
  }

  @Test("Nothing at all, one point and equal values are drawn without dividing by nothing")
  func degenerate() {
    for points in [[], [(x: 1.0, y: 2.0)], [(1, 2), (1, 2)]] {
      #expect(!LineChart(title: "x", series: [.init("a", points)], axis: .time).svg.contains("nan"))
    }
    #expect(Sparkline(title: "x", values: []).svg.isEmpty)
    #expect(!BarChart(title: "x", bars: []).svg.contains("nan"))
    #expect(!IntervalChart(title: "x", entries: [.init(label: "a", estimate: 1)]).svg.contains("nan"))
  }

  @Test("A graph with a circle is drawn all the same")
  func circle() {
    let graph = GraphDrawing(
      title: "g", nodes: [.init(id: "a", label: "a"), .init(id: "b", label: "b")], edges: [("a", "b"), ("b", "a")])
    #expect(graph.svg.contains("<svg"))
  }
}
