import MartletCore
import MartletGovernance
import MartletServing

/// From uploaded files over data, pipeline and run to the version, and on to where it was deployed.
struct LineageDrawing {
  /// A file that data came from.
  struct Upload: Hashable {
    /// `project/name`, as the lineage names the dataset.
    var dataset: String
    var name: String
    var detail: String
  }

  let svg: String

  init(_ version: ModelVersionID, _ lineage: ModelLineage, uploads: [Upload], deployments: [Deployment]) {
    var graph = LineageGraph.upstream(of: version, lineage: lineage)
    for deployment in deployments {
      graph.addDownstream(
        "endpoint:\(deployment.endpoint)", .deployment, deployment.endpoint.text, detail: deployment.status.badge.text,
        of: "model:\(version)")
    }
    // Code files are many and alike: one node for all of them, and the table below the picture.
    let code = graph.nodes.filter { $0.kind == .sourceFile }.map(\.id)
    var nodes = graph.nodes.filter { $0.kind != .sourceFile }.map { Self.node($0, lineage) }
    var edges = graph.edges.filter { !code.contains($0.from) }.map { (from: $0.from, to: $0.to) }
    if let origin = graph.nodes.first(where: { $0.kind == .pipelineRun })?.id, !code.isEmpty {
      nodes.append(
        .init(id: "code", label: counted(code.count, "project file"), detail: "by content", link: "#sources"))
      edges.append(("code", origin))
    }
    for (index, upload) in uploads.enumerated() {
      guard let data = graph.nodes.first(where: { $0.id.hasPrefix("data:\(upload.dataset)@") }) else { continue }
      nodes.append(
        .init(
          id: "upload-\(index)", label: upload.name, detail: upload.detail,
          link: Self.datasetPage(upload.dataset, lineage).map { $0 + "#sources" }))
      edges.append(("upload-\(index)", data.id))
    }
    svg = GraphDrawing(title: "Lineage of \(version)", nodes: nodes, edges: edges).svg
  }

  private static func node(_ node: LineageGraph.Node, _ lineage: ModelLineage) -> GraphDrawing.Node {
    GraphDrawing.Node(
      id: node.id, label: node.title, detail: node.detail ?? "", link: page(of: node, lineage),
      tone: node.kind == .modelVersion ? "live" : node.kind == .deployment ? "good" : "")
  }

  private static func page(of node: LineageGraph.Node, _ lineage: ModelLineage) -> String? {
    guard node.kind == .dataVersion else { return node.kind == .modelVersion ? nil : ObjectLink.page(of: node.id) }
    let dataset = node.id.dropFirst("data:".count).prefix { $0 != "@" }
    return datasetPage(String(dataset), lineage).map { $0 + "#versions" }
  }

  /// Datasets are named with or without their project.
  private static func datasetPage(_ dataset: String, _ lineage: ModelLineage) -> String? {
    ObjectLink.page(of: "dataset:" + (dataset.contains("/") ? dataset : "\(lineage.project)/\(dataset)"))
  }
}
