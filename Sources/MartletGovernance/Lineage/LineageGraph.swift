package import MartletCore

/// Things and what they were made from, to be drawn and walked.
package struct LineageGraph: Sendable, Hashable, Codable {
  package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    case sourceFile = "source_file"
    case dataVersion = "data_version"
    case featureView = "feature_view"
    case pipelineRun = "pipeline_run"
    case run
    case modelVersion = "model_version"
    case deployment
  }

  package struct Node: Sendable, Hashable, Codable {
    /// As the ledger names things: `model:flight-delay@3`.
    package var id: String
    package var kind: Kind
    package var title: String
    package var detail: String?
  }

  /// `from` went into `to`.
  package struct Edge: Sendable, Hashable, Codable {
    package var from: String
    package var to: String
  }

  package private(set) var nodes: [Node] = []
  package private(set) var edges: [Edge] = []

  /// What a model version was made from, down to the source files.
  package static func upstream(of version: ModelVersionID, lineage: ModelLineage) -> LineageGraph {
    var graph = LineageGraph()
    let model = graph.add("model:\(version)", .modelVersion, version.description)
    let run = graph.add("run:\(lineage.run)", .run, "run \(lineage.run.text.prefix(8))")
    let pipeline = graph.add(
      "pipeline:\(lineage.pipelineRun)", .pipelineRun, "pipeline run \(lineage.pipelineRun.text.prefix(8))",
      "\(lineage.project) version \(lineage.projectVersion)\(lineage.isDirty ? ", with uncommitted changes" : "")")
    graph.connect(run, model)
    graph.connect(pipeline, run)
    for input in lineage.data {
      let rows = input.rows.map { "\($0) rows" }
      let span = input.from.flatMap { from in input.to.map { "\(from) to \($0)" } }
      let node = graph.add(
        "data:\(input.dataset)@\(input.version)", .dataVersion, "\(input.dataset) \(input.version.text.prefix(8))",
        [rows, span].compactMap(\.self).joined(separator: ", "))
      graph.connect(node, pipeline)
    }
    for name in lineage.features {
      graph.connect(graph.add("feature:\(lineage.project)/\(name)", .featureView, name), pipeline)
    }
    for file in lineage.sources {
      let node = graph.add("file:\(file.path)@\(file.digest.hex)", .sourceFile, file.path, file.digest.short)
      graph.connect(node, pipeline)
    }
    return graph
  }

  /// Adds something that was made from a node that is there, such as a deployment of the version.
  package mutating func addDownstream(
    _ id: String, _ kind: Kind, _ title: String, detail: String? = nil, of origin: String
  ) {
    connect(origin, add(id, kind, title, detail))
  }

  private mutating func add(_ id: String, _ kind: Kind, _ title: String, _ detail: String? = nil) -> String {
    if !nodes.contains(where: { $0.id == id }) {
      nodes.append(Node(id: id, kind: kind, title: title, detail: detail?.isEmpty == true ? nil : detail))
    }
    return id
  }

  private mutating func connect(_ from: String, _ to: String) {
    let edge = Edge(from: from, to: to)
    if !edges.contains(edge) { edges.append(edge) }
  }
}
