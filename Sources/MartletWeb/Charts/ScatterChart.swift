import MartletCore

/// One point for each thing, over two of its numbers.
struct ScatterChart {
  var xName: String
  var yName: String
  var points: [(name: String, x: Double, y: Double)]

  private var drawn: [(name: String, x: Double, y: Double)] { points.filter { $0.x.isFinite && $0.y.isFinite } }

  var summary: String {
    let drawn = drawn
    guard let left = drawn.map(\.x).min(), let right = drawn.map(\.x).max(), let low = drawn.map(\.y).min(),
      let high = drawn.map(\.y).max()
    else { return "No run has both \(xName) and \(yName)." }
    return "\(counted(drawn.count, "run")): across \(xName) from \(readable(left)) to \(readable(right)), up \(yName) "
      + "from \(readable(low)) to \(readable(high))."
  }

  var svg: String {
    let x = Scale(drawn.map(\.x), from: 64, to: 628)
    let y = Scale(drawn.map(\.y), from: 214, to: 14)
    let grid = y.ticks(4).map { tick in
      """
      <line class="axis" x1="64" x2="628" y1="\(px(y(tick)))" y2="\(px(y(tick)))"/>\
      <text x="58" y="\(px(y(tick) + 4))" text-anchor="end">\(readable(tick))</text>
      """
    }
    let labels = x.ticks(6).map { tick in
      #"<text x="\#(px(x(tick)))" y="232" text-anchor="middle">\#(readable(tick))</text>"#
    }
    let circles = drawn.enumerated().map { index, point in
      """
      <circle class="point p\(seriesColor(index))" cx="\(px(x(point.x)))" cy="\(px(y(point.y)))" r="4">\
      <title>\(escaped("\(point.name): \(readable(point.x)), \(readable(point.y))"))</title></circle>
      """
    }
    return """
      <svg class="chart" viewBox="0 0 640 240" role="img" aria-label="\(escaped(summary))">\
      \((grid + labels + circles).joined())</svg>
      """
  }

  var plot: JSON {
    let data = drawn.map { point -> JSON in
      ["name": .string(point.name), "value": .array([.double(point.x), .double(point.y)])]
    }
    return [
      "grid": ["left": 64, "right": 24, "top": 24, "bottom": 48],
      "tooltip": ["trigger": "item", "renderMode": "richText"],
      "xAxis": [
        "type": "value", "scale": true, "name": .string(shortened(xName, limit: 40)), "nameLocation": "middle",
        "nameGap": 28,
      ],
      "yAxis": ["type": "value", "scale": true],
      "series": [["type": "scatter", "symbolSize": 9, "data": .array(data)]],
    ]
  }
}
