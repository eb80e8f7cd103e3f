import HTTPTypes
import MartletCore
import MartletTesting
import MartletTracking
import Testing

@Suite("Tracking over the MLflow API")
struct TrackingRouteTests {
  @Test("A run is created, logged to, ended and read, on both prefixes", arguments: TestDatabase.kinds)
  func roundTrip(kind: TestDatabase.Kind) async throws {
    try await MLflowServer(kind).run { client in
      let created = try await client.post(
        "runs/create",
        #"{"experiment_id": "0", "start_time": "1700000000000", "user_id": "ann", "tags": [{"key": "a", "value": "b"}], "unknown": 1}"#
      )
      #expect(created.status == .ok)
      let id = try #require(created["run.info.run_id"]?.string)
      #expect(created["run.info.run_uuid"] == .string(id))
      #expect(created["run.info.start_time"] == 1_700_000_000_000)
      #expect(created["run.info.status"] == "RUNNING")
      #expect(created["run.info.end_time"] == nil)
      #expect(created["run.info.artifact_uri"] == .string("mlflow-artifacts:/0/\(id)/artifacts"))
      let logged = try await client.post(
        "runs/log-batch",
        """
        {"run_id": "\(id)", "metrics": [{"key": "m", "value": 0.1, "timestamp": 1, "step": 0},
          {"key": "m", "value": "NaN", "timestamp": "2", "step": "1"},
          {"key": "i", "value": "Infinity", "timestamp": 3}, {"key": "s", "value": "1.5", "timestamp": 3}],
          "params": [{"key": "p", "value": "\\u00e4"}], "tags": []}
        """)
      #expect(logged.text == "{}")
      let updated = try await client.post(
        "runs/update", #"{"run_id": "\#(id)", "run_uuid": "\#(id)", "status": "FINISHED", "end_time": 5}"#)
      #expect(updated["run_info.status"] == "FINISHED")
      let read = try await client.send(.get, "/ajax-api/2.0/mlflow/runs/get?run_id=\(id)")
      #expect(read["run.data.params"] == [["key": "p", "value": "ä"]])
      let metrics = read["run.data.metrics"]?.array ?? []
      #expect(metrics.map { $0["key"] } == ["i", "m", "s"])
      #expect(metrics.map { $0["value"] } == [.double(.greatestFiniteMagnitude), "NaN", 1.5])
      #expect(read["run.info.end_time"] == 5)
      let history = try await client.get("metrics/get-history?run_id=\(id)&metric_key=m")
      #expect(history["metrics.0.value"] == 0.1)
      #expect(history["metrics.1.value"] == "NaN")
      #expect(history["next_page_token"] == nil)
    }
  }

  @Test("The scanner and the ordinary way read the same batch", arguments: ["scanned", "escaped"])
  func twoWays(way: String) async throws {
    // An escape makes the body unusual, so that it is read the ordinary way.
    let key = way == "scanned" ? "m" : "\\u006d"
    let server = try await MLflowServer()
    let run = try await server.tracker.createRun(.init(experiment: "0"), by: .martlet)
    let values = ["0.1", "-3", "1e-7", "123456789012345678", "0.30000000000000004", "2.2250738585072014e-308"]
    let points = values.enumerated().map {
      "{\"key\": \"\(key)\", \"value\": \($1), \"timestamp\": \($0), \"step\": -\($0)}"
    }
    try await server.run { client in
      let answer = try await client.post(
        "runs/log-batch", "{\"run_id\": \"\(run.id)\", \"metrics\": [\(points.joined(separator: ", "))]}")
      #expect(answer.status == .ok, "\(answer.text)")
    }
    let history = try await server.tracker.metricHistory(run.id, key: "m").items
    #expect(history.map(\.value) == values.compactMap(Double.init))
    #expect(history.map(\.step) == [0, -1, -2, -3, -4, -5])
  }

  @Test(
    "A long series comes whole and in order, at once and in pages", arguments: TestDatabase.kinds, [20_000, 21_001])
  func longSeries(kind: TestDatabase.Kind, count: Int) async throws {
    let server = try await MLflowServer(kind)
    let run = try await server.tracker.createRun(.init(experiment: "0"), by: .martlet)
    let points = (0..<count).map { place in
      let value: Double = place % 1000 == 7 ? .nan : Double(place) / 8
      return Metric(key: "m", value: value, timestamp: Int64(place / 3), step: Int64(place))
    }
    for start in stride(from: 0, to: count, by: 1000) {
      try await server.tracker.logBatch(run.id, metrics: Array(points[start..<min(start + 1000, count)]))
    }
    let expected = (0..<count).map { JSON.integer(Int64($0)) }
    try await server.run { client in
      let whole = try await client.get("metrics/get-history?run_id=\(run.id)&metric_key=m")
      let metrics: [JSON] = whole["metrics"]?.array ?? []
      let found: [JSON] = metrics.map { $0["step"] ?? .null }
      #expect(found == expected)
      #expect(metrics[7]["value"] == "NaN" && metrics[9]["value"] == 1.125)
      #expect(whole["next_page_token"] == nil)
      var steps: [JSON] = []
      var token: String?
      repeat {
        let page = try await client.get(
          "metrics/get-history?run_id=\(run.id)&metric_key=m&max_results=7000&page_token=\(token ?? "")")
        let points: [JSON] = page["metrics"]?.array ?? []
        for point in points { steps.append(point["step"] ?? .null) }
        token = page["next_page_token"]?.string?.replacing("+", with: "%2B").replacing("=", with: "%3D")
      } while token != nil
      #expect(steps == expected)
      // A token of an offset alone, as MLflow's server writes it.
      let plain = PageToken(offset: 5).text.replacing("=", with: "%3D")
      let page = try await client.get(
        "metrics/get-history?run_id=\(run.id)&metric_key=m&max_results=1&page_token=\(plain)")
      #expect(page["metrics.0.step"] == 5)
    }
  }

  @Test("An empty search answers an empty object; pages carry tokens")
  func search() async throws {
    let server = try await MLflowServer()
    try await server.run { client in
      #expect(try await client.post("runs/search", #"{"experiment_ids": ["0"]}"#).text == "{}")
      for _ in 0..<3 { _ = try await client.post("runs/create", #"{"experiment_id": "0"}"#) }
      let first = try await client.post("runs/search", #"{"experiment_ids": ["0"], "max_results": 2}"#)
      #expect(first["runs"]?.array?.count == 2)
      let token = try #require(first["next_page_token"]?.string)
      let second = try await client.post(
        "runs/search", #"{"experiment_ids": ["0"], "max_results": 2, "page_token": "\#(token)"}"#)
      #expect(second["runs"]?.array?.count == 1)
      #expect(second["next_page_token"] == nil)
    }
  }

  @Test("Experiments are created, found, tagged, renamed, deleted and restored")
  func experiments() async throws {
    try await MLflowServer().run { client in
      let created = try await client.post(
        "experiments/create", #"{"name": "a b+c", "tags": [{"key": "k", "value": ""}]}"#)
      let id = try #require(created["experiment_id"]?.string)
      let named = try await client.get("experiments/get-by-name?experiment_name=a+b%2Bc")
      #expect(named["experiment.experiment_id"] == .string(id))
      #expect(named["experiment.tags"] == [["key": "k", "value": ""]])
      _ = try await client.post("experiments/update", #"{"experiment_id": "\#(id)", "new_name": "z"}"#)
      _ = try await client.post(
        "experiments/set-experiment-tag", #"{"experiment_id": "\#(id)", "key": "k", "value": "v"}"#)
      let found = try await client.get(
        "experiments/search?max_results=10&filter=tags.k+%3D+%27v%27&order_by=name&order_by=experiment_id")
      #expect(found["experiments.0.name"] == "z")
      _ = try await client.post("experiments/delete", #"{"experiment_id": "\#(id)"}"#)
      let deleted = try await client.post("experiments/search", #"{"max_results": 5, "view_type": "DELETED_ONLY"}"#)
      #expect(deleted["experiments.0.lifecycle_stage"] == "deleted")
      _ = try await client.post("experiments/restore", #"{"experiment_id": "\#(id)"}"#)
      #expect(try await client.get("experiments/get?experiment_id=\(id)")["experiment.lifecycle_stage"] == "active")
    }
  }

  @Test("The server says what it is, and refuses traces without making clients wait")
  func capabilities() async throws {
    try await MLflowServer().run { client in
      #expect(try await client.send(.get, "/version").text == "3.17.2")
      let info = try await client.send(.get, "/api/3.0/mlflow/server-info")
      #expect(info["multipart_uploads_enabled"] == false)
      #expect(try await client.send(.post, "/api/3.0/mlflow/traces", "{}").status == .badRequest)
      #expect(try await client.send(.post, "/api/3.0/mlflow/traces/search", "{}").text == "{}")
      #expect(try await client.send(.post, "/v1/traces", "x", type: "application/x-protobuf").status == .ok)
      let multipart = try await client.send(
        .post, "/api/2.0/mlflow-artifacts/mpu/create/0/x/artifacts/f", #"{"path": "f"}"#)
      #expect(multipart.status == .notImplemented)
    }
  }
}
