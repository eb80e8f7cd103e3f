/// Horizontal bars, one or two per label (such as now and in training), as SVG.
package struct BarChart {
  package struct Bar {
    package var label: String
    package var value: Double
    package var other: Double?
    /// Beyond what is accepted.
    package var isMarked: Bool

    package init(_ label: String, _ value: Double, other: Double? = nil, marked: Bool = false) {
      self.label = label
      self.value = value
      self.other = other
      isMarked = marked
    }
  }

  package var title: String
  package var bars: [Bar]
  /// A dashed line at this value, such as the threshold.
  package var limit: Double?

  package init(title: String, bars: [Bar], limit: Double? = nil) {
    self.title = title
    self.bars = bars
    self.limit = limit
  }

  private var rowHeight: Double { bars.contains { $0.other != nil } ? 30 : 22 }
  private var height: Double { rowHeight * Double(max(1, bars.count)) + 6 }

  package var svg: String {
    let scale = Scale(
      bars.flatMap { [$0.value, $0.other ?? 0] } + [limit ?? 0], from: 200, to: 560, includesZero: true)
    let rows = bars.enumerated().map { index, bar in row(bar, top: Double(index) * rowHeight + 4, scale) }
    let line = limit.map {
      #"<line class="limit" x1="\#(px(scale($0)))" x2="\#(px(scale($0)))" y1="0" y2="\#(px(height))"/>"#
    }
    return """
      <svg class="chart bars" viewBox="0 0 640 \(px(height))" role="img" aria-label="\(escaped(summary))">\
      \(rows.joined())\(line ?? "")</svg>
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
    let shown = bar.label.count > 28 ? String(bar.label.prefix(27)) + "…" : bar.label
    let label = #"<text x="192" y="\#(px(top + 12))" text-anchor="end">\#(escaped(shown))</text>"#
    let value =
      #"<text x="\#(px(max(scale(bar.value), scale(0)) + 5))" y="\#(px(top + 12))">\#(readable(bar.value))</text>"#
    let other = bar.other.map { rectangle($0, top + 15, 8, "bar other") } ?? ""
    let style = bar.isMarked ? "bar marked" : "bar"
    return label + rectangle(bar.value, top + 2, bar.other == nil ? 14 : 11, style) + other + value
  }
}
