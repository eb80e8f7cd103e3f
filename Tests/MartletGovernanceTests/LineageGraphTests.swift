import MartletCore
import Testing

@testable import MartletGovernance

@Suite("Lineage") struct LineageGraphTests {
  @Test("A model version is traced to its run, pipeline run, data versions and source files") func upstream() throws {
    let digest = try #require(Digest(hex: String(repeating: "ab", count: 32)))
    let lineage = ModelLineage(
      project: "flight-delay", projectVersion: 4, isDirty: true, pipelineRun: "p1", run: "r1",
      data: [.init(dataset: "flight-delay/flights", version: "v9", rows: 80_000, from: "2013-01-01", to: "2013-03-31")],
      features: ["plane"], sources: [.init(path: "sql/plane.sql", digest: digest)])
    var graph = LineageGraph.upstream(of: ModelVersionID(model: "flight-delay", version: 3), lineage: lineage)
    graph.addDownstream("endpoint:flight-delay", .deployment, "flight-delay", of: "model:flight-delay@3")
    #expect(
      graph.nodes.map(\.kind) == [
        .modelVersion, .run, .pipelineRun, .dataVersion, .featureView, .sourceFile, .deployment,
      ])
    #expect(graph.nodes.first { $0.kind == .dataVersion }?.detail == "80000 rows, 2013-01-01 to 2013-03-31")
    #expect(graph.nodes.first { $0.kind == .pipelineRun }?.detail == "flight-delay version 4, with uncommitted changes")
    // Every node leads to the deployment.
    for node in graph.nodes {
      var reached: Set<String> = [node.id]
      var grows = true
      while grows {
        let next = graph.edges.filter { reached.contains($0.from) }.map(\.to)
        grows = !Set(next).isSubset(of: reached)
        reached.formUnion(next)
      }
      #expect(reached.contains("endpoint:flight-delay"))
    }
    #expect(try JSON(encoding: lineage).decode(ModelLineage.self) == lineage)
  }
}
