/// Estimates with their intervals, one below the other, as SVG.
struct IntervalChart {
  struct Entry {
    var label: String
    var estimate: Double
    var low: Double?
    var high: Double?
  }

  var title: String
  var entries: [Entry]

  var svg: String {
    let scale = Scale(entries.flatMap { [$0.estimate, $0.low, $0.high].compactMap(\.self) }, from: 190, to: 560)
    let height = Double(entries.count) * 26 + 26
    let ticks = scale.ticks(4).map { tick in
      """
      <line class="axis" x1="\(px(scale(tick)))" x2="\(px(scale(tick)))" y1="2" y2="\(px(height - 20))"/>\
      <text x="\(px(scale(tick)))" y="\(px(height - 6))" text-anchor="middle">\(readable(tick))</text>
      """
    }
    let rows = entries.enumerated().map { index, entry in row(entry, middle: Double(index) * 26 + 14, index, scale) }
    return """
      <svg class="chart" viewBox="0 0 640 \(px(height))" role="img" aria-label="\(escaped(summary))">\
      \(ticks.joined())\(rows.joined())</svg>
      """
  }

  var table: Table {
    Table(
      title, columns: [.init("What"), .number("Estimate"), .number("From"), .number("To")],
      rows: entries.map { Table.Row([.text($0.label), .number($0.estimate), .number($0.low), .number($0.high)]) })
  }

  var summary: String {
    ([title] + entries.map { "\($0.label): \(text($0))" }).joined(separator: ". ")
  }

  private func text(_ entry: Entry) -> String {
    guard let low = entry.low, let high = entry.high else { return readable(entry.estimate) }
    return "\(readable(entry.estimate)) (\(readable(low)) to \(readable(high)))"
  }

  private func row(_ entry: Entry, middle: Double, _ index: Int, _ scale: Scale) -> String {
    let line = zip([entry.low].compactMap(\.self), [entry.high].compactMap(\.self)).map { low, high in
      #"<path class="s\#(seriesColor(index))" d="M\#(px(scale(low))) \#(px(middle))L\#(px(scale(high))) \#(px(middle))"/>"#
    }
    return """
      <text x="180" y="\(px(middle + 4))" text-anchor="end">\(escaped(shortened(entry.label, limit: 27)))</text>\(line.joined())\
      <circle class="point p\(seriesColor(index))" cx="\(px(scale(entry.estimate)))" cy="\(px(middle))" r="4"/>\
      <text x="572" y="\(px(middle + 4))">\(escaped(readable(entry.estimate)))</text>
      """
  }
}
