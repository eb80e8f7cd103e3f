import MartletCore
import MartletData

/// Uploads → newest version → feature views that read it.
struct DatasetLineage {
  let svg: String

  init(_ content: DatasetPage.Content) {
    guard let detail = content.detail else {
      svg = ""
      return
    }
    let key = content.record.key
    let version = GraphDrawing.Node(
      id: "version", label: "\(key.name) v\(detail.version.number)", detail: counted(detail.version.rows, "row"),
      link: "#versions",
      tone: "good")
    var nodes: [GraphDrawing.Node] = []
    var edges: [(from: String, to: String)] = []
    for (index, upload) in Self.uploads(detail).enumerated() {
      nodes.append(
        GraphDrawing.Node(id: "upload-\(index)", label: upload.name, detail: upload.detail, link: "#sources"))
      edges.append(("upload-\(index)", "version"))
    }
    nodes.append(version)
    for reader in content.readers {
      let link = ObjectLink.page(of: "feature:\(key.project)/\(reader)")
      nodes.append(GraphDrawing.Node(id: "view-\(reader)", label: reader, detail: "feature view", link: link))
      edges.append(("version", "view-\(reader)"))
    }
    svg = GraphDrawing(title: "From uploaded files to feature views", nodes: nodes, edges: edges).svg
  }

  /// The last uploads one by one, the ones before together.
  private static func uploads(_ detail: VersionDetail) -> [(name: String, detail: String)] {
    var order: [String] = []
    var rows: [String: (name: String, partitions: Int)] = [:]
    for partition in detail.partitions {
      let id = partition.source?.hex ?? partition.digest.hex
      if rows[id] == nil { order.append(id) }
      rows[id, default: (partition.sourceName ?? id, 0)].partitions += 1
    }
    let shown = order.suffix(4).compactMap { rows[$0] }.map {
      (name: $0.name, detail: counted($0.partitions, "partition"))
    }
    let earlier = order.dropLast(4)
    guard !earlier.isEmpty else { return shown }
    let partitions = earlier.reduce(0) { $0 + (rows[$1]?.partitions ?? 0) }
    return [(name: counted(earlier.count, "earlier upload"), detail: counted(partitions, "partition"))] + shown
  }
}
