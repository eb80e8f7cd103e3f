/// A directed graph in layers as SVG: nodes are links, so it works by keyboard and without JavaScript.
package struct GraphDrawing {
  package struct Node {
    package var id: String
    package var label: String
    package var detail: String
    package var link: String?
    /// `good`, `bad`, `warn`, `live` or empty.
    package var tone: String

    package init(id: String, label: String, detail: String = "", link: String? = nil, tone: String = "") {
      self.id = id
      self.label = label
      self.detail = detail
      self.link = link
      self.tone = tone
    }
  }

  package var title: String
  package var nodes: [Node]
  package var edges: [(from: String, to: String)]

  package init(title: String, nodes: [Node], edges: [(from: String, to: String)]) {
    self.title = title
    self.nodes = nodes
    self.edges = edges
  }

  private static let boxWidth = 168.0
  private static let boxHeight = 46.0
  private static let columnGap = 56.0
  private static let rowGap = 18.0

  package var svg: String {
    let places = layout()
    let drawn = edges.filter { !isImplied($0) }
    let skips = drawn.contains { isLong($0, places) }
    let width = (places.values.map(\.x).max() ?? 0) + Self.boxWidth + 4
    let height = (places.values.map(\.y).max() ?? 0) + Self.boxHeight + (skips ? Self.boxHeight : 4)
    let paths = drawn.compactMap { path($0, places) }
    let boxes = nodes.compactMap { node in places[node.id].map { box(node, $0.x, $0.y) } }
    return """
      <div class="scroll" tabindex="0" role="region" aria-label="\(escaped(title))">\
      <svg class="graph" width="\(px(width))" height="\(px(height))" viewBox="0 0 \(px(width)) \(px(height))">\
      <title>\(escaped(title))</title>\(paths.joined())\(boxes.joined())</svg></div>
      """
  }

  private func isLong(_ edge: (from: String, to: String), _ places: [String: (x: Double, y: Double)]) -> Bool {
    guard let from = places[edge.from], let to = places[edge.to] else { return false }
    return to.x - from.x > (Self.boxWidth + Self.columnGap) * 1.5
  }

  /// A curve; below the boxes between where it passes some.
  private func path(_ edge: (from: String, to: String), _ places: [String: (x: Double, y: Double)]) -> String? {
    guard let from = places[edge.from], let to = places[edge.to] else { return nil }
    let (x1, y1) = (from.x + Self.boxWidth, from.y + Self.boxHeight / 2)
    let (x2, y2) = (to.x, to.y + Self.boxHeight / 2)
    let bend = max(20, min(90, (x2 - x1) / 2))
    let dip = isLong(edge, places) ? Self.boxHeight * 1.2 : 0
    return """
      <path d="M\(px(x1)) \(px(y1))C\(px(x1 + bend)) \(px(y1 + dip)) \(px(x2 - bend)) \(px(y2 + dip)) \(px(x2)) \(px(y2))"/>
      """
  }

  /// Whether other edges lead from the edge's start to its end as well: what they say is not said twice.
  private func isImplied(_ edge: (from: String, to: String)) -> Bool {
    var open = edges.filter { $0.from == edge.from && $0.to != edge.to }.map(\.to)
    var seen = Set(open)
    while let node = open.popLast() {
      if node == edge.to { return true }
      for next in edges where next.from == node && seen.insert(next.to).inserted { open.append(next.to) }
    }
    return false
  }

  private func box(_ node: Node, _ x: Double, _ y: Double) -> String {
    let content = """
      <rect x="\(px(x))" y="\(px(y))" width="\(px(Self.boxWidth))" height="\(px(Self.boxHeight))"/>\
      <text x="\(px(x + 10))" y="\(px(y + (node.detail.isEmpty ? 28 : 20)))">\(escaped(shortened(node.label, 22)))</text>\
      <text class="detail" x="\(px(x + 10))" y="\(px(y + 36))">\(escaped(shortened(node.detail, 28)))</text>
      """
    guard let link = node.link else { return #"<g class="\#(node.tone)">\#(content)</g>"# }
    let name = [node.label, node.detail].filter { !$0.isEmpty }.joined(separator: ", ")
    return #"<a class="\#(node.tone)" href="\#(escaped(link))" aria-label="\#(escaped(name))">\#(content)</a>"#
  }

  private func shortened(_ text: String, _ limit: Int) -> String {
    text.count <= limit ? text : String(text.prefix(limit - 1)) + "…"
  }

  /// Columns by longest path from a source; within a column by the mean place of the predecessors.
  private func layout() -> [String: (x: Double, y: Double)] {
    var column: [String: Int] = [:]
    for node in nodes { column[node.id] = 0 }
    for _ in nodes {
      var changed = false
      for edge in edges {
        guard let from = column[edge.from], let to = column[edge.to], to < from + 1, from + 1 < nodes.count else {
          continue
        }
        column[edge.to] = from + 1
        changed = true
      }
      if !changed { break }
    }
    var places: [String: (x: Double, y: Double)] = [:]
    for level in 0...(column.values.max() ?? 0) {
      let members = nodes.filter { column[$0.id] == level }
      let wanted = members.map { node -> (String, Double) in
        let above = edges.filter { $0.to == node.id }.compactMap { places[$0.from]?.y }
        return (node.id, above.isEmpty ? 0 : above.reduce(0, +) / Double(above.count))
      }
      var y = 2.0
      for (id, target) in wanted.sorted(by: { $0.1 < $1.1 }) {
        y = max(y, min(target, Double(nodes.count) * 64))
        places[id] = (Double(level) * (Self.boxWidth + Self.columnGap) + 2, y)
        y += Self.boxHeight + Self.rowGap
      }
    }
    return places
  }
}
