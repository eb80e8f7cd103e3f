/// The course of a few values in the height of a line of text, as SVG.
struct Sparkline {
  var title: String
  var values: [Double]

  var svg: String {
    let drawn = values.filter(\.isFinite)
    guard let last = drawn.last, let low = drawn.min(), let high = drawn.max() else { return "" }
    let x = Scale([0, Double(max(1, drawn.count - 1))], from: 3, to: 157)
    let y = Scale(drawn, from: 26, to: 4)
    let points = drawn.enumerated().map { "\(px(x(Double($0)))) \(px(y($1)))" }
    let words = "\(title): \(drawn.count) values from \(readable(low)) to \(readable(high)), last \(readable(last))"
    return """
      <svg class="chart spark" viewBox="0 0 160 30" role="img" aria-label="\(escaped(words))">\
      <path class="s1" d="M\(points.joined(separator: "L"))"/>\
      <circle class="point" cx="\(px(x(Double(drawn.count - 1))))" cy="\(px(y(last)))" r="3"/></svg>
      """
  }
}
