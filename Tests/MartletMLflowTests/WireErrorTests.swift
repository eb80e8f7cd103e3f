import HTTPTypes
import MartletCore
import MartletStore
import MartletTesting
import MartletTracking
import Testing

/// What wrong requests are answered with. `RUN` and `EXPERIMENT` in bodies stand for an existing run and experiment.
@Suite("Wrong requests to the MLflow API")
struct WireErrorTests {
  struct Scenario: CustomTestStringConvertible, Sendable {
    var name: String
    var path: String
    var body: String
    var status = 400
    var code = "INVALID_PARAMETER_VALUE"
    /// What the message contains.
    var says: String

    var testDescription: String { name }
  }

  static let scenarios: [Scenario] = [
    .init(
      name: "A body that is not JSON counts as empty", path: "runs/log-batch", body: "{nope",
      says: "Missing value for required parameter 'run_id'"),
    .init(
      name: "An empty body lacks what is required", path: "experiments/create", body: "",
      says: "Missing value for required parameter 'name'. See the API docs for more information"),
    .init(
      name: "A number is no name", path: "experiments/create", body: #"{"name": 123}"#,
      says: "Invalid value 123 for parameter 'name' supplied:  Hint: Value was of type 'int'."),
    .init(
      name: "A required field is not found by its camelCase name", path: "runs/delete", body: #"{"runId": "RUN"}"#,
      says: "Missing value for required parameter 'run_id'"),
    .init(
      name: "Both spellings of a field are too many", path: "runs/create",
      body: #"{"experiment_id": "0", "experimentId": "0"}"#,
      says: "Request specifies both 'experiment_id' and 'experimentId'"),
    .init(
      name: "An unknown run is not found", path: "runs/delete", body: #"{"run_id": "nope"}"#, status: 404,
      code: "RESOURCE_DOES_NOT_EXIST", says: "Run with id=nope not found"),
    .init(
      name: "An unknown experiment is not found", path: "runs/create", body: #"{"experiment_id": "99999"}"#,
      status: 404, code: "RESOURCE_DOES_NOT_EXIST", says: "No Experiment with id=99999 exists"),
    .init(
      name: "An experiment id is a number", path: "runs/create", body: #"{"experiment_id": "abc"}"#,
      says: "Invalid experiment ID 'abc'"),
    .init(
      name: "A name that is taken is 400, not 409", path: "experiments/create", body: #"{"name": "Default"}"#,
      code: "RESOURCE_ALREADY_EXISTS", says: "already exists"),
    .init(
      name: "A metric needs a value", path: "runs/log-batch",
      body: #"{"run_id": "RUN", "metrics": [{"key": "a", "value": 1, "timestamp": 1}, {"key": "b", "timestamp": 1}]}"#,
      says: "Missing value for required parameter 'metrics[1].value'"),
    .init(
      name: "A metric needs a timestamp", path: "runs/log-metric", body: #"{"run_id": "RUN", "key": "a", "value": 1}"#,
      says: "Missing value for required parameter 'timestamp'"),
    .init(
      name: "A step beyond 64 bits is refused, not stored as 0", path: "runs/log-metric",
      body: #"{"run_id": "RUN", "key": "a", "value": 1, "timestamp": 1, "step": 10000000000000000000000000}"#,
      says: "The body could not be read"),
    .init(
      name: "A metric's value is a number", path: "runs/log-metric",
      body: #"{"run_id": "RUN", "key": "a", "value": "high", "timestamp": 1}"#, says: "Invalid value \"high\""),
    .init(
      name: "A key is not a path to elsewhere", path: "runs/log-parameter",
      body: #"{"run_id": "RUN", "key": "../a", "value": "1"}"#, says: "Names may be treated as files in certain cases"),
    .init(
      name: "A parameter does not change", path: "runs/log-parameter",
      body: #"{"run_id": "RUN", "key": "p", "value": "2"}"#,
      says: "Changing param values is not allowed. Param with key='p' was already logged with value='1'"),
    .init(
      name: "A batch names each parameter once", path: "runs/log-batch",
      body: #"{"run_id": "RUN", "params": [{"key": "q", "value": "1"}, {"key": "q", "value": "2"}]}"#,
      says: "Duplicate parameter keys have been submitted"),
    .init(
      name: "Or has no place in a filter", path: "runs/search",
      body: #"{"experiment_ids": ["0"], "filter": "params.a = 'x' or params.b = 'y'"}"#,
      says: "Invalid clause(s) in filter string: 'or'"),
    .init(
      name: "A page token is base64", path: "runs/search", body: #"{"experiment_ids": ["0"], "page_token": "%%%"}"#,
      says: "Invalid page token, could not base64-decode"),
    .init(
      name: "A search for runs finds at most 50000", path: "runs/search",
      body: #"{"experiment_ids": ["0"], "max_results": 50001}"#, says: "'max_results'"),
    .init(
      name: "A search for experiments says how many", path: "experiments/search", body: "{}",
      says: "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"),
    .init(
      name: "A search by a malformed body is refused", path: "runs/search", body: "{\"a\": }",
      says: "The body could not be read"),
    .init(
      name: "An artifact location of the caller's choice is refused", path: "experiments/create",
      body: #"{"name": "x", "artifact_location": "file:///etc"}"#, says: "Invalid artifact location"),
    .init(
      name: "A model version's source is no local path", path: "model-versions/create",
      body: #"{"name": "m", "source": "/etc/passwd"}"#, says: "Invalid model version source: '/etc/passwd'"),
    .init(
      name: "A model version's source is inside the run it names", path: "model-versions/create",
      body: #"{"name": "m", "source": "mlflow-artifacts:/0/other/artifacts/model", "run_id": "RUN"}"#,
      says: "The run_id request parameter must identify the resource"),
    .init(
      name: "An unknown model is not found", path: "model-versions/create",
      body: #"{"name": "m", "source": "s3://bucket/m"}"#, status: 404, code: "RESOURCE_DOES_NOT_EXIST",
      says: "Registered Model with name=m not found"),
    .init(
      name: "A tag too long is refused, not cut", path: "runs/set-tag",
      body: #"{"run_id": "RUN", "key": "t", "value": "\#(String(repeating: "a", count: 65_537))"}"#,
      says: "exceeds the maximum length"),
    .init(
      name: "A whole number in no spelling of JSON counts as no body", path: "runs/log-batch",
      body: #"{"run_id": "RUN", "metrics": [{"key": "m", "value": 1, "timestamp": 007}]}"#,
      says: "Missing value for required parameter 'run_id'"),
    .init(
      name: "Nesting without end is refused", path: "runs/set-tag", body: String(repeating: "[", count: 5000),
      says: "Missing value for required parameter 'run_id'"),
  ]

  @Test("A wrong request is answered with MLflow's error body, and changes nothing", arguments: scenarios)
  func scenario(_ scenario: Scenario) async throws {
    let server = try await MLflowServer()
    let run = try await server.tracker.createRun(.init(experiment: "0"), by: .martlet)
    try await server.tracker.logParam(.init("p", "1"), to: run.id)
    let before = try await server.tracker.run(run.id)
    try await server.run { client in
      let answer = try await client.post(scenario.path, scenario.body.replacing("\"RUN\"", with: "\"\(run.id)\""))
      #expect(answer.status.code == scenario.status)
      #expect(answer.code == scenario.code)
      #expect(answer.message.contains(scenario.says), "\(answer.message)")
    }
    #expect(try await server.tracker.run(run.id) == before)
    #expect(try await server.tracker.searchExperiments().items.count == 1)
  }

  @Test("More than a thousand metrics in a batch are refused with the count")
  func largeBatch() async throws {
    let server = try await MLflowServer()
    let run = try await server.tracker.createRun(.init(experiment: "0"), by: .martlet)
    let metric = #"{"key": "a", "value": 1, "timestamp": 1}"#
    let body =
      "{\"run_id\": \"\(run.id)\", \"metrics\": [\(Array(repeating: metric, count: 1001).joined(separator: ","))]}"
    try await server.run { client in
      let answer = try await client.post("runs/log-batch", body)
      #expect(answer.status == .badRequest)
      #expect(
        answer.message == "A batch logging request can contain at most 1000 metrics. Got 1001 metrics. Please split up "
          + "metrics across multiple requests and try again.")
    }
  }

  @Test(
    "A search that takes too long is 400 and says how to narrow it: clients do not send it again",
    arguments: TestDatabase.kinds)
  func slowSearch(kind: TestDatabase.Kind) async throws {
    let limits = TransactionLimits(reading: .zero, writing: .seconds(60))
    try await MLflowServer(kind, limits: limits).run { client in
      for path in ["runs/search", "experiments/search", "logged-models/search"] {
        let answer = try await client.post(path, #"{"experiment_ids": ["0"], "max_results": 10}"#)
        #expect(answer.status == .badRequest)
        #expect(answer.code == "INVALID_PARAMETER_VALUE")
        #expect(answer.message.contains("longer than") && answer.message.contains("ask for less"), "\(answer.message)")
      }
    }
  }

  @Test("Only JSON is taken by POST", arguments: ["text/plain", "application/x-www-form-urlencoded", nil])
  func contentType(type: String?) async throws {
    try await MLflowServer().run { client in
      let answer = try await client.send(.post, "/api/2.0/mlflow/experiments/create", #"{"name": "x"}"#, type: type)
      #expect(answer.status == .badRequest)
      #expect(answer.message == "Bad Request. Content-Type must be one of ['application/json'].")
    }
  }

  @Test("A body larger than 16 MiB is refused")
  func largeBody() async throws {
    try await MLflowServer().run { client in
      let body = #"{"name": ""# + String(repeating: "a", count: 17 << 20) + #""}"#
      let answer = try await client.post("experiments/create", body)
      #expect(answer.status == .contentTooLarge)
    }
  }

  @Test("An address that is not built is 404 with a page")
  func unknownPath() async throws {
    try await MLflowServer().run { client in
      for path in ["/api/2.0/mlflow/nope", "/ajax-api/3.0/mlflow/gateway/x", "/api/2.0/mlflow/runs/nope"] {
        let answer = try await client.send(.get, path)
        #expect(answer.status == .notFound)
        #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
      }
    }
  }
}
