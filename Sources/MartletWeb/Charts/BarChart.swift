/// Horizontal bars, one or two per label (such as reference and current), as SVG.
package struct BarChart {
  package struct Bar {
    package var label: String
    package var value: Double
    package var other: Double?

    package init(_ label: String, _ value: Double, other: Double? = nil) {
      self.label = label
      self.value = value
      self.other = other
    }
  }

  package var title: String
  package var bars: [Bar]

  package init(title: String, bars: [Bar]) {
    self.title = title
    self.bars = bars
  }

  package var svg: String {
    let rowHeight = bars.contains { $0.other != nil } ? 30.0 : 22.0
    let height = rowHeight * Double(max(1, bars.count)) + 6
    let scale = Scale(bars.flatMap { [$0.value, $0.other ?? 0] }, from: 200, to: 680, includesZero: true)
    let rows = bars.enumerated().map { index, bar in row(bar, top: Double(index) * rowHeight + 4, scale) }
    return """
      <svg class="chart" viewBox="0 0 760 \(px(height))" role="img" aria-label="\(escaped(summary))">\
      \(rows.joined())</svg>
      """
  }

  package var summary: String {
    ([title] + bars.map { "\($0.label): \(readable($0.value))" + ($0.other.map { ", other \(readable($0))" } ?? "") })
      .joined(separator: ". ")
  }

  private func row(_ bar: Bar, top: Double, _ scale: Scale) -> String {
    func rectangle(_ value: Double, _ y: Double, _ height: Double, _ style: String) -> String {
      let (zero, end) = (scale(0), scale(value.isFinite ? value : 0))
      return """
        <rect class="\(style)" x="\(px(min(zero, end)))" y="\(px(y))" width="\(px(abs(end - zero)))" \
        height="\(px(height))"/>
        """
    }
    let label = #"<text x="192" y="\#(px(top + 12))" text-anchor="end">\#(escaped(String(bar.label.prefix(28))))</text>"#
    let value = #"<text x="\#(px(max(scale(bar.value), scale(0)) + 5))" y="\#(px(top + 11))">\#(readable(bar.value))</text>"#
    let other = bar.other.map { rectangle($0, top + 15, 8, "bar other") } ?? ""
    return label + rectangle(bar.value, top + 2, bar.other == nil ? 14 : 11, "bar") + other + value
  }
}
