import MartletCore
import MartletTesting
import MartletTracking
import Testing

@Suite("Logged models")
struct LoggedModelTests {
  @Test("A logged model is created, measured, finalized and found", arguments: TestDatabase.kinds)
  func roundTrip(kind: TestDatabase.Kind) async throws {
    let tracker = ExperimentTracker(database: try await kind.open())
    let run = try await tracker.createRun(NewRun(experiment: "0"), by: .martlet)
    let model = try await tracker.createLoggedModel(
      NewLoggedModel(
        experiment: "0", name: "tree", modelType: "classifier", sourceRun: run.id, params: [KeyValue("depth", "3")],
        tags: [KeyValue("a", "b")]), by: .martlet)
    #expect(model.artifactURI == "mlflow-artifacts:/0/models/\(model.id)/artifacts")
    try await tracker.logBatch(
      run.id,
      metrics: [
        Metric(
          key: "auc", value: 0.7, timestamp: 1, modelID: model.id, datasetName: "flights", datasetDigest: "d1"),
        Metric(
          key: "auc", value: 0.8, timestamp: 2, modelID: model.id, datasetName: "flights", datasetDigest: "d1"),
      ])
    _ = try await tracker.finalizeLoggedModel(model.id, as: .ready, by: .martlet)
    try await tracker.logOutputs(run.id, models: [ModelLink(modelID: model.id, step: 4)])
    let read = try await tracker.loggedModel(model.id)
    #expect(read.status == .ready)
    #expect(read.metrics.map(\.metric.value) == [0.8])
    #expect(try await tracker.run(run.id).modelOutputs == [ModelLink(modelID: model.id, step: 4)])
    func found(_ filter: String?, _ datasets: [LoggedModelQuery.Dataset] = []) async throws -> Int {
      try await tracker.searchLoggedModels(
        LoggedModelQuery(
          experiments: ["0"], filter: filter, datasets: datasets, orderBy: ["metrics.`auc` DESC", "name ASC"],
          orderDatasets: [.init(name: "flights")])
      ).items.count
    }
    #expect(try await found(nil) == 1)
    #expect(try await found("metrics.auc > 0.75 AND params.depth = '3' AND name LIKE 'tr%'") == 1)
    #expect(try await found("metrics.auc > 0.75", [.init(name: "weather")]) == 0)
    #expect(try await found(nil, [.init(name: "flights", digest: "d1")]) == 1)
    try await tracker.deleteLoggedModel(model.id, by: .martlet)
    #expect(try await found(nil) == 0)
  }
}
