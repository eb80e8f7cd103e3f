package import MartletCore

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
  /// Dashed horizontal lines with a label, such as a control limit or an alert threshold.
  package var limits: [(label: String, y: Double)]
  /// Dashed vertical lines with a label, such as a promotion.
  package var events: [(label: String, x: Double)]
  package var includesZero: Bool

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

  private static let width = 760.0
  private static let height = 240.0

  package var svg: String {
    let x = Scale(series.flatMap { $0.points.map(\.x) } + events.map(\.x), from: 52, to: Self.width - 12)
    let y = Scale(
      series.flatMap { $0.points.map(\.y) } + limits.map(\.y), from: Self.height - 26, to: 14,
      includesZero: includesZero)
    let parts = gridLines(y) + labels(x) + limitLines(y) + eventLines(x) + lines(x, y)
    return """
      <svg class="chart" viewBox="0 0 \(px(Self.width)) \(px(Self.height))" role="img" aria-label="\(escaped(summary))">\
      \(parts.joined())</svg>
      """
  }

  /// What the picture says, in a sentence for each line.
  package var summary: String {
    let lines = series.map { line -> String in
      let values = line.points.map(\.y).filter(\.isFinite)
      guard let last = values.last, let low = values.min(), let high = values.max() else { return "\(line.name): no values" }
      let marks = line.marked.isEmpty ? "" : ", \(line.marked.count) marked"
      return "\(line.name): \(values.count) points from \(readable(low)) to \(readable(high)), last \(readable(last))\(marks)"
    }
    return ([title] + lines).joined(separator: ". ")
  }

  private func gridLines(_ y: Scale) -> [String] {
    y.ticks(4).map { tick in
      """
      <line class="axis" x1="52" x2="\(px(Self.width - 12))" y1="\(px(y(tick)))" y2="\(px(y(tick)))"/>\
      <text x="46" y="\(px(y(tick) + 4))" text-anchor="end">\(readable(tick))</text>
      """
    }
  }

  private func labels(_ x: Scale) -> [String] {
    x.ticks(6).map { tick in
      let label = axis == .time ? String(Timestamp(milliseconds: Int64(tick)).day) : readable(tick)
      return #"<text x="\#(px(x(tick)))" y="\#(px(Self.height - 8))" text-anchor="middle">\#(label)</text>"#
    }
  }

  private func limitLines(_ y: Scale) -> [String] {
    limits.map { limit in
      """
      <line class="limit" x1="52" x2="\(px(Self.width - 12))" y1="\(px(y(limit.y)))" y2="\(px(y(limit.y)))"/>\
      <text x="\(px(Self.width - 14))" y="\(px(y(limit.y) - 4))" text-anchor="end">\(escaped(limit.label))</text>
      """
    }
  }

  private func eventLines(_ x: Scale) -> [String] {
    events.enumerated().map { index, event in
      """
      <line class="mark" x1="\(px(x(event.x)))" x2="\(px(x(event.x)))" y1="14" y2="\(px(Self.height - 26))"/>\
      <text x="\(px(x(event.x) + 3))" y="\(px(22 + Double(index % 3) * 12))">\(escaped(event.label))</text>
      """
    }
  }

  private func lines(_ x: Scale, _ y: Scale) -> [String] {
    series.enumerated().map { index, line in
      var path = ""
      var isDrawing = false
      for point in line.points {
        guard point.y.isFinite else {
          isDrawing = false
          continue
        }
        path += "\(isDrawing ? "L" : "M")\(px(x(point.x))) \(px(y(point.y)))"
        isDrawing = true
      }
      let marks = line.marked.sorted().filter { line.points[$0].y.isFinite }.map { position in
        let point = line.points[position]
        return #"<circle class="point bad" cx="\#(px(x(point.x)))" cy="\#(px(y(point.y)))" r="4"/>"#
      }
      return #"<path class="s\#(index % 4 + 1)" d="\#(path)"><title>\#(escaped(line.name))</title></path>"#
        + marks.joined()
    }
  }
}
