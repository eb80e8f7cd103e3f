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

  private static let boxHeight = 46.0
  private static let columnGap = 36.0
  private static let rowGap = 14.0
  /// Longer text is cut; the link's name and page have it whole.
  private static let mostOfLabel = 22
  private static let mostOfDetail = 26

  /// Where a node stands.
  private struct Place {
    var column: Int
    var x: Double
    var y: Double
    var width: Double
  }

  package var svg: String {
    let places = layout()
    let drawn = edges.filter { !isImplied($0) }
    let skips = drawn.contains { isLong($0, places) }
    let width = (places.values.map { $0.x + $0.width }.max() ?? 0) + 4
    let height = (places.values.map(\.y).max() ?? 0) + Self.boxHeight + (skips ? Self.boxHeight : 4)
    let paths = drawn.compactMap { path($0, places) }
    let boxes = nodes.compactMap { node in places[node.id].map { box(node, $0) } }
    return """
      <div class="scroll" tabindex="0" role="group" aria-label="\(escaped(title))">\
      <svg class="graph" width="\(px(width))" height="\(px(height))" viewBox="0 0 \(px(width)) \(px(height))">\
      <title>\(escaped(title))</title>\(paths.joined())\(boxes.joined())</svg></div>
      """
  }

  private func isLong(_ edge: (from: String, to: String), _ places: [String: Place]) -> Bool {
    guard let from = places[edge.from], let to = places[edge.to] else { return false }
    return to.column - from.column > 1
  }

  /// A curve; below the boxes between where it passes some.
  private func path(_ edge: (from: String, to: String), _ places: [String: Place]) -> String? {
    guard let from = places[edge.from], let to = places[edge.to] else { return nil }
    let (x1, y1) = (from.x + from.width, from.y + Self.boxHeight / 2)
    let (x2, y2) = (to.x, to.y + Self.boxHeight / 2)
    let bend = max(16, min(90, (x2 - x1) / 2))
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

  private func box(_ node: Node, _ place: Place) -> String {
    let (x, y) = (place.x, place.y)
    let content = """
      <rect x="\(px(x))" y="\(px(y))" width="\(px(place.width))" height="\(px(Self.boxHeight))"/>\
      <text x="\(px(x + 10))" y="\(px(y + (node.detail.isEmpty ? 28 : 20)))">\(escaped(shortened(node.label, Self.mostOfLabel)))</text>\
      <text class="detail" x="\(px(x + 10))" y="\(px(y + 36))">\(escaped(shortened(node.detail, Self.mostOfDetail)))</text>
      """
    guard let link = node.link else { return #"<g class="\#(node.tone)">\#(content)</g>"# }
    let name = [node.label, node.detail].filter { !$0.isEmpty }.joined(separator: ", ")
    return #"<a class="\#(node.tone)" href="\#(escaped(link))" aria-label="\#(escaped(name))">\#(content)</a>"#
  }

  private func shortened(_ text: String, _ limit: Int) -> String {
    text.count <= limit ? text : String(text.prefix(limit - 1)) + "…"
  }

  /// Columns by longest path from a source, each as wide as its text; within a column by the mean place of the
  /// predecessors.
  private func layout() -> [String: Place] {
    let column = columns()
    var places: [String: Place] = [:]
    var x = 2.0
    for level in 0...(column.values.max() ?? 0) {
      let members = nodes.filter { column[$0.id] == level }
      let width = members.map(Self.width).max() ?? 0
      let wanted = members.map { node -> (String, Double) in
        let above = edges.filter { $0.to == node.id }.compactMap { places[$0.from]?.y }
        return (node.id, above.isEmpty ? 0 : above.reduce(0, +) / Double(above.count))
      }
      var y = 2.0
      for (id, target) in wanted.sorted(by: { $0.1 < $1.1 }) {
        y = max(y, min(target, Double(nodes.count) * 64))
        places[id] = Place(column: level, x: x, y: y, width: width)
        y += Self.boxHeight + Self.rowGap
      }
      x += width + Self.columnGap
    }
    return places
  }

  /// What the text of a node takes up, in a font of common width.
  private static func width(_ node: Node) -> Double {
    let label = Double(min(node.label.count, mostOfLabel)) * 8.1
    let detail = Double(min(node.detail.count, mostOfDetail)) * 6.6
    return max(84, max(label, detail) + 20)
  }

  /// Sources stand right before what they lead to, so that no line is longer than it has to be.
  private func columns() -> [String: Int] {
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
    let targets = Set(edges.map(\.to))
    for node in nodes where !targets.contains(node.id) {
      let next = edges.filter { $0.from == node.id }.compactMap { column[$0.to] }.min()
      if let next { column[node.id] = max(0, next - 1) }
    }
    return column
  }
}
