import HTTPTypes
import MartletCore
import MartletTesting
import Testing

@Suite("The registry over the MLflow API")
struct RegistryRouteTests {
  @Test("Models, versions, aliases, stages and tags", arguments: TestDatabase.kinds)
  func roundTrip(kind: TestDatabase.Kind) async throws {
    try await MLflowServer(kind).run { client in
      let model = try await client.post(
        "registered-models/create", #"{"name": "m", "description": "d", "tags": [{"key": "a", "value": "b"}]}"#)
      #expect(model["registered_model.name"] == "m")
      #expect(model["registered_model.tags"] == [["key": "a", "value": "b"]])
      let again = try await client.post("registered-models/create", #"{"name": "m"}"#)
      #expect(again.code == "RESOURCE_ALREADY_EXISTS")
      _ = try await client.post("model-versions/create", #"{"name": "m", "source": "s3://bucket/m"}"#)
      _ = try await client.post("registered-models/alias", #"{"name": "m", "alias": "champion", "version": "1"}"#)
      let aliased = try await client.get("registered-models/alias?name=m&alias=champion")
      #expect(aliased["model_version.version"] == "1")
      #expect(aliased["model_version.aliases"] == ["champion"])
      let staged = try await client.post(
        "model-versions/transition-stage",
        #"{"name": "m", "version": "1", "stage": "production", "archive_existing_versions": true}"#)
      #expect(staged["model_version.current_stage"] == "Production")
      let latest = try await client.post(
        "registered-models/get-latest-versions", #"{"name": "m", "stages": ["Production"]}"#)
      #expect(latest["model_versions.0.version"] == "1")
      _ = try await client.send(
        .delete, "/api/2.0/mlflow/registered-models/alias", #"{"name": "m", "alias": "champion"}"#)
      let unknown = try await client.get("registered-models/alias?name=m&alias=champion")
      #expect(unknown.status == .badRequest)
      let described = try await client.send(
        .patch, "/api/2.0/mlflow/model-versions/update", #"{"name": "m", "version": "1", "description": "x"}"#)
      #expect(described["model_version.description"] == "x")
      _ = try await client.post("model-versions/set-tag", #"{"name": "m", "version": "1", "key": "k", "value": "v"}"#)
      let found = try await client.get("model-versions/search?filter=name+%3D+%27m%27+and+tags.k+%3D+%27v%27")
      #expect(found["model_versions"]?.array?.count == 1)
      let removed = try await client.send(.delete, "/api/2.0/mlflow/registered-models/delete", #"{"name": "m"}"#)
      #expect(removed.text == "{}")
      #expect(try await client.get("registered-models/search").text == "{}")
    }
  }

  @Test("A logged model is created, given files, finalized, registered and found")
  func loggedModels() async throws {
    try await MLflowServer().run { client in
      let run = try await client.post("runs/create", #"{"experiment_id": "0"}"#)
      let runID = try #require(run["run.info.run_id"]?.string)
      let created = try await client.post(
        "logged-models", #"{"experiment_id": "0", "name": "tree", "source_run_id": "\#(runID)"}"#)
      let id = try #require(created["model.info.model_id"]?.string)
      #expect(created["model.info.status"] == "LOGGED_MODEL_PENDING")
      let path = "/api/2.0/mlflow-artifacts/artifacts/0/models/\(id)/artifacts/MLmodel"
      _ = try await client.send(.put, path, "flavors: {}", type: "text/plain")
      let ready = try await client.send(
        .patch, "/api/2.0/mlflow/logged-models/\(id)", #"{"model_id": "\#(id)", "status": "LOGGED_MODEL_READY"}"#)
      #expect(ready["model.info.status"] == "LOGGED_MODEL_READY")
      _ = try await client.post(
        "runs/outputs", #"{"run_id": "\#(runID)", "models": [{"model_id": "\#(id)", "step": 0}]}"#)
      let tagged = try await client.send(
        .patch, "/api/2.0/mlflow/logged-models/\(id)/tags", #"{"tags": [{"key": "a", "value": "b"}]}"#)
      #expect(tagged["model.info.tags"] == [["key": "a", "value": "b"]])
      let found = try await client.post(
        "logged-models/search",
        #"{"experiment_ids": ["0"], "filter": "name = 'tree'", "order_by": [{"field_name": "creation_time", "ascending": false}]}"#
      )
      #expect(found["models.0.info.model_id"] == .string(id))
      let files = try await client.get("logged-models/\(id)/artifacts/directories")
      #expect(files["files.0.path"] == "MLmodel")
      _ = try await client.post("registered-models/create", #"{"name": "m"}"#)
      let version = try await client.post(
        "model-versions/create", #"{"name": "m", "source": "models:/\#(id)", "model_id": "\#(id)"}"#)
      #expect(version["model_version.run_id"] == .string(runID), "\(version.text)")
      #expect(version["model_version.model_id"] == .string(id))
      let file = try await client.send(.get, "/model-versions/get-artifact?name=m&version=1&path=MLmodel")
      #expect(file.text == "flavors: {}")
    }
  }
}
