import HTTPTypes
import MartletCore
import MartletTesting
import MartletTracking
import Testing

@Suite("Every endpoint of tracking, artifacts and logged models")
struct EndpointTableTests {
  @Test(
    "Each answers as MLflow's server does, under both prefixes", arguments: TestDatabase.kinds, ["api", "ajax-api"])
  func table(kind: TestDatabase.Kind, prefix: String) async throws {
    let server = try await MLflowServer(kind)
    let names = try await Self.things(in: server)
    try await server.run { client in
      for scenario in EndpointTable.all {
        let answer = try await client.send(
          scenario.method, "/\(prefix)/2.0/" + Self.filled(scenario.path, names),
          scenario.body.map { Self.filled($0, names) })
        let told = "\(scenario.request) \(scenario.body ?? ""): \(answer.status.code) \(answer.text.prefix(300))"
        #expect(Int(answer.status.code) == scenario.status, "\(told)")
        for part in scenario.says { #expect(answer.text.contains(Self.filled(part, names)), "\(part) in \(told)") }
      }
    }
  }

  @Test("The table has a success and an error of each endpoint, save those that only a cloud store has")
  func completeness() {
    for (endpoint, scenarios) in Dictionary(grouping: EndpointTable.all, by: \.endpoint) {
      #expect(scenarios.contains { $0.status >= 400 }, "\(endpoint) has no error")
      let isTransfer = endpoint.contains("/mpu/") || endpoint.contains("presigned")
      #expect(isTransfer || scenarios.contains { $0.status == 200 }, "\(endpoint) has no success")
    }
  }

  @Test("Addresses without a prefix, for browsers and clients that look around")
  func unprefixed() async throws {
    let server = try await MLflowServer()
    let names = try await Self.things(in: server)
    try await server.run { client in
      _ = try await client.send(
        .put, Self.filled("/api/2.0/mlflow-artifacts/artifacts/0/RUN/artifacts/f", names), "text")
      let file = try await client.send(.get, Self.filled("/get-artifact?run_uuid=RUN&path=f", names))
      #expect(file.text == "text")
      let none = try await client.send(.get, Self.filled("/get-artifact?run_uuid=RUN&path=none", names))
      #expect(none.status == .notFound && none.code == "RESOURCE_DOES_NOT_EXIST")
      let unknown = try await client.send(.get, "/model-versions/get-artifact?name=none&version=1&path=f")
      #expect(unknown.status == .notFound && unknown.code == "RESOURCE_DOES_NOT_EXIST")
      #expect(try await client.send(.get, "/version").text == "3.17.2")
      for prefix in ["api", "ajax-api"] {
        let info = try await client.send(.get, "/\(prefix)/3.0/mlflow/server-info")
        #expect(info["multipart_uploads_enabled"] == false && info["multipart_downloads_enabled"] == false)
      }
      // Only MLflow's own pages ask it; nothing here pretends to answer.
      #expect(try await client.send(.post, "/graphql", "{}").status == .notFound)
    }
  }

  /// What the names in the table stand for.
  private static func things(in server: MLflowServer) async throws -> [(String, String)] {
    let run = try await server.tracker.createRun(.init(experiment: "0"), by: .martlet).id
    let deleted = try await server.tracker.createRun(.init(experiment: "0"), by: .martlet).id
    try await server.tracker.deleteRun(deleted, by: .martlet)
    let experiment = try await server.tracker.createExperiment(named: "mine", by: .martlet)
    let model = try await server.tracker.createLoggedModel(NewLoggedModel(experiment: "0"), by: .martlet).id
    let gone = try await server.tracker.createLoggedModel(NewLoggedModel(experiment: "0"), by: .martlet).id
    try await server.tracker.deleteLoggedModel(gone, by: .martlet)
    try await server.run { client in
      _ = try await client.send(
        .put, "/api/2.0/mlflow-artifacts/artifacts/0/models/\(model)/artifacts/MLmodel", "flavors: {}")
    }
    return [
      ("DELETED_RUN", deleted.text), ("DELETED_MODEL", gone), ("RUN", run.text), ("EXPERIMENT", experiment.text),
      ("MODEL", model),
    ]
  }

  private static func filled(_ text: String, _ names: [(String, String)]) -> String {
    names.reduce(text) { text, name in
      // Words such as LOGGED_MODEL_READY stay as they are.
      text.replacing("LOGGED_MODEL", with: "\u{1}").replacing(name.0, with: name.1).replacing(
        "\u{1}", with: "LOGGED_MODEL")
    }
  }
}
