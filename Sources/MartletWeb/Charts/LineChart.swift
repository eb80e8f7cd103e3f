import Foundation
import MartletCore

/// Lines over time or steps as SVG, with a text summary for people who do not see it.
package struct LineChart {
  package struct Series {
    package var name: String
    package var points: [(x: Double, y: Double)]
    /// Positions in `points` drawn as marked points.
    package var marked: Set<Int>

    package init(_ name: String, _ points: [(x: Double, y: Double)], marked: Set<Int> = []) {
      self.name = name
      self.points = points
      self.marked = marked
    }
  }

  package enum Axis {
    case number
    /// x is milliseconds since 1970.
    case time
  }

  package var title: String
  package var series: [Series]
  package var axis: Axis
  /// Dashed horizontal lines with a label, such as an alert threshold.
  package var limits: [(label: String, y: Double)]
  /// Dashed vertical lines with a label, such as a promotion.
  package var events: [(label: String, x: Double)]
  /// Where values are expected, such as between control limits that differ from point to point.
  package var band: [(x: Double, low: Double, high: Double)] = []
  /// The middle of the band, or what a smoothed line was smoothed from.
  package var centre: [(x: Double, y: Double)] = []
  /// Draws powers of ten at equal distances; what is not above zero is left out.
  package var isLogarithmic = false
  package var includesZero: Bool
  /// In pixels before scaling; 1000 for a chart that fills the page.
  package var width: Double = 640

  package init(
    title: String, series: [Series], axis: Axis = .number, limits: [(label: String, y: Double)] = [],
    events: [(label: String, x: Double)] = [], includesZero: Bool = false
  ) {
    self.title = title
    self.series = series
    self.axis = axis
    self.limits = limits
    self.events = events
    self.includesZero = includesZero
  }

  private static let left = 64.0
  private var right: Double { width - 12 }
  private static let top = 14.0
  private static let bottom = 214.0

  package var svg: String {
    let x = Scale(series.flatMap { $0.points.map(\.x) } + events.map(\.x), from: Self.left, to: right)
    let heights: [Double] =
      series.flatMap { $0.points.map(\.y) } + limits.map(\.y) + band.flatMap { [$0.low, $0.high] } + centre.map(\.y)
    let y = Scale(heights.map(level), from: Self.bottom, to: Self.top, includesZero: includesZero && !isLogarithmic)
    let parts = bandArea(x, y) + gridLines(y) + labels(x) + limitLines(y) + eventLines(x) + lines(x, y)
    return """
      <svg class="chart\(width > 700 ? " whole" : "")" viewBox="0 0 \(px(width)) 240" role="img" aria-label="\(escaped(summary))">\(parts.joined())</svg>
      """
  }

  /// What the picture says, with its title.
  package var summary: String { ([title] + sentences).joined(separator: ". ") }

  /// What the picture says below its title.
  package var words: String { sentences.joined(separator: ". ") + "." }

  /// One for each line.
  private var sentences: [String] {
    series.map { line -> String in
      let values = line.points.map(\.y).filter(\.isFinite)
      guard let last = values.last, let low = values.min(), let high = values.max() else {
        return "\(line.name): no values"
      }
      let marks = line.marked.isEmpty ? "" : ", \(line.marked.count) marked"
      let points = values.count == 1 ? "1 point" : "\(values.count) points"
      return "\(line.name): \(points) from \(readable(low)) to \(readable(high)), last \(readable(last))\(marks)"
    }
  }

  /// Where a value stands on the upright axis; not a number where it cannot.
  private func level(_ value: Double) -> Double {
    guard isLogarithmic else { return value }
    return value > 0 && value.isFinite ? log10(value) : .nan
  }

  private func bandArea(_ x: Scale, _ y: Scale) -> [String] {
    let middle = path(centre, x, y)
    let line = middle.isEmpty ? [] : [#"<path class="centre" d="\#(middle)"/>"#]
    let drawn = band.filter { level($0.low).isFinite && level($0.high).isFinite }
    guard let first = drawn.first else { return line }
    let above = drawn.map { "L\(px(x($0.x))) \(px(y(level($0.high))))" }.joined()
    let below = drawn.reversed().map { "L\(px(x($0.x))) \(px(y(level($0.low))))" }.joined()
    let start = "M\(px(x(first.x))) \(px(y(level(first.low))))"
    return [#"<path class="band" d="\#(start)\#(above)\#(below)Z"/>"#] + line
  }

  private func gridLines(_ y: Scale) -> [String] {
    y.ticks(4).map { tick in
      """
      <line class="axis" x1="\(px(Self.left))" x2="\(px(right))" y1="\(px(y(tick)))" y2="\(px(y(tick)))"/>\
      <text x="\(px(Self.left - 6))" y="\(px(y(tick) + 4))" text-anchor="end">\(readable(isLogarithmic ? pow(10, tick) : tick))</text>
      """
    }
  }

  private func labels(_ x: Scale) -> [String] {
    // Between steps and versions there is nothing to mark.
    let areWhole = series.allSatisfy { $0.points.allSatisfy { $0.x == $0.x.rounded() } }
    let numbers = x.ticks(6).filter { !areWhole || $0 == $0.rounded() }
    let ticks = axis == .time ? TimeTicks.ticks(from: x.low, to: x.high) : numbers.map { ($0, readable($0)) }
    return ticks.map { tick, label in
      let place = x(tick)
      let anchor = place > right - 30 ? "end" : place < Self.left + 30 ? "start" : "middle"
      return #"<text x="\#(px(place))" y="232" text-anchor="\#(anchor)">\#(label)</text>"#
    }
  }

  private func limitLines(_ y: Scale) -> [String] {
    limits.map { limit in
      """
      <line class="limit" x1="\(px(Self.left))" x2="\(px(right))" y1="\(px(y(level(limit.y))))" y2="\(px(y(level(limit.y))))"/>\
      <text x="\(px(right - 2))" y="\(px(y(level(limit.y)) - 4))" text-anchor="end">\(escaped(limit.label))</text>
      """
    }
  }

  private func eventLines(_ x: Scale) -> [String] {
    events.enumerated().map { index, event in
      let place = x(event.x)
      let isRight = place > right - 120
      return """
        <line class="mark" x1="\(px(place))" x2="\(px(place))" y1="\(px(Self.top))" y2="\(px(Self.bottom))"/>\
        <text x="\(px(place + (isRight ? -3 : 3)))" y="\(px(22 + Double(index % 3) * 12))" \
        text-anchor="\(isRight ? "end" : "start")">\(escaped(event.label))</text>
        """
    }
  }

  private func lines(_ x: Scale, _ y: Scale) -> [String] {
    series.enumerated().map { index, line in
      let marks = line.marked.sorted().filter { level(line.points[$0].y).isFinite }.map { position in
        let point = line.points[position]
        return #"<circle class="point bad" cx="\#(px(x(point.x)))" cy="\#(px(y(point.y)))" r="4"/>"#
      }
      // Few points are shown as such: a line of one has no length.
      let isSparse = line.points.count <= 40
      let dots = line.points.indices.filter { isSparse && !line.marked.contains($0) }.map { position -> String in
        let point = line.points[position]
        guard level(point.y).isFinite else { return "" }
        return
          #"<circle class="point p\#(seriesColor(index))" cx="\#(px(x(point.x)))" cy="\#(px(y(point.y)))" r="2.5"/>"#
      }
      return
        #"<path class="s\#(seriesColor(index))" d="\#(path(line.points, x, y))"><title>\#(escaped(line.name))</title></path>"#
        + dots.joined() + marks.joined()
    }
  }

  /// Broken where a value is missing.
  private func path(_ points: [(x: Double, y: Double)], _ x: Scale, _ y: Scale) -> String {
    var path = ""
    var isDrawing = false
    for point in points {
      let height = level(point.y)
      guard height.isFinite else {
        isDrawing = false
        continue
      }
      path += "\(isDrawing ? "L" : "M")\(px(x(point.x))) \(px(y(height)))"
      isDrawing = true
    }
    return path
  }
}
