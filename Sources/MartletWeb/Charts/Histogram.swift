import MartletCore

/// How often values fall into each bin, as SVG: upright bars over the range of the values.
struct Histogram {
  struct Bin {
    var from: Double
    var to: Double
    var count: Int64
  }

  var title: String
  var bins: [Bin]

  private static let width = 420.0
  private static let bottom = 104.0

  var svg: String {
    guard let first = bins.first, let last = bins.last else { return "" }
    let x = Scale([first.from, last.to], from: 4, to: Self.width - 4)
    let y = Scale(bins.map { Double($0.count) }, from: Self.bottom, to: 18, includesZero: true)
    let most = bins.map(\.count).max() ?? 0
    return """
      <svg class="chart histogram" viewBox="0 0 \(px(Self.width)) 124" role="img" aria-label="\(escaped(summary))">\
      \(bins.map { bar($0, x, y) }.joined())\
      <line class="axis" x1="4" x2="\(px(Self.width - 4))" y1="\(px(Self.bottom))" y2="\(px(Self.bottom))"/>\
      <text x="4" y="120">\(readable(first.from))</text>\
      <text x="\(px(Self.width - 4))" y="120" text-anchor="end">\(readable(last.to))</text>\
      <text x="4" y="12">most: \(grouped(most))</text></svg>
      """
  }

  var summary: String {
    ([title] + bins.map { "\(label($0)): \(grouped($0.count))" }).joined(separator: ". ")
  }

  var table: Table {
    Table(
      title, columns: [.init("Values"), .number("Rows")],
      rows: bins.map { Table.Row([.text(label($0)), .count($0.count)]) }
    )
  }

  private func label(_ bin: Bin) -> String {
    bin.from == bin.to ? readable(bin.from) : "\(readable(bin.from)) to \(readable(bin.to))"
  }

  private func bar(_ bin: Bin, _ x: Scale, _ y: Scale) -> String {
    let (left, right) = bin.from == bin.to ? (4, Self.width - 4) : (x(bin.from), x(bin.to))
    let top = y(Double(bin.count))
    return """
      <rect class="bar" x="\(px(left + 0.75))" y="\(px(top))" width="\(px(max(1, right - left - 1.5)))" \
      height="\(px(Self.bottom - top))"><title>\(escaped(label(bin))): \(grouped(bin.count))</title></rect>
      """
  }
}
