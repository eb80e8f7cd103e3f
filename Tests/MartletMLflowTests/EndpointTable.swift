import HTTPTypes

/// One request to an endpoint and what it is answered with.
///
/// `RUN`, `DELETED_RUN`, `EXPERIMENT`, `MODEL` and `DELETED_MODEL` stand for ids of things that are there.
struct EndpointScenario: Sendable {
  /// Such as `POST mlflow/runs/create`: what follows `/api/2.0/`, with the names of parameters in braces.
  var endpoint: String
  /// The same with the parameters' values, and a query.
  var request: String
  var body: String?
  var status: Int
  /// What the answer's text contains; of an error, first its code.
  var says: [String]

  /// An answer of 200.
  static func works(_ endpoint: String, _ request: String? = nil, _ body: String? = nil, says: String...) -> Self {
    Self(endpoint: endpoint, request: request ?? endpoint, body: body, status: 200, says: says)
  }

  static func fails(
    _ endpoint: String, _ request: String?, body: String? = nil, _ status: Int, _ code: String, _ says: String
  ) -> Self {
    Self(endpoint: endpoint, request: request ?? endpoint, body: body, status: status, says: [code, says])
  }

  var method: HTTPRequest.Method { HTTPRequest.Method(String(request.prefix { $0 != " " })) ?? .get }
  var path: String { String(request.drop { $0 != " " }.dropFirst()) }
}

/// The endpoints of tracking, artifacts and logged models that MLflow 3.17.2 has, by its service definitions.
enum EndpointTable {
  private static let invalid = "INVALID_PARAMETER_VALUE"
  private static let missing = "RESOURCE_DOES_NOT_EXIST"
  private static let unbuilt = "NOT_IMPLEMENTED"

  static let all = experiments + runs + logging + metrics + artifacts + transfers + loggedModels

  static let experiments: [EndpointScenario] = [
    .works("POST mlflow/experiments/create", nil, #"{"name": "new"}"#, says: #""experiment_id":"#),
    .fails("POST mlflow/experiments/create", nil, body: #"{"name": "new"}"#, 400, "RESOURCE_ALREADY_EXISTS", "new"),
    .works("GET mlflow/experiments/get", "GET mlflow/experiments/get?experiment_id=0", says: #""name":"Default""#),
    .fails("GET mlflow/experiments/get", "GET mlflow/experiments/get?experiment_id=99", 404, missing, "id=99"),
    .works(
      "GET mlflow/experiments/get-by-name", "GET mlflow/experiments/get-by-name?experiment_name=Default",
      says: #""experiment_id":"0""#),
    .fails(
      "GET mlflow/experiments/get-by-name", "GET mlflow/experiments/get-by-name?experiment_name=none", 404, missing,
      "Could not find experiment with name 'none'"),
    .works("POST mlflow/experiments/update", nil, #"{"experiment_id": "EXPERIMENT", "new_name": "better"}"#),
    .fails("POST mlflow/experiments/update", nil, body: #"{"new_name": "x"}"#, 400, invalid, "'experiment_id'"),
    .works(
      "POST mlflow/experiments/set-experiment-tag", nil, #"{"experiment_id": "EXPERIMENT", "key": "a", "value": "b"}"#),
    .fails(
      "POST mlflow/experiments/set-experiment-tag", nil, body: #"{"experiment_id": "EXPERIMENT", "value": "b"}"#, 400,
      invalid,
      "'key'"),
    .works("GET mlflow/experiments/search", "GET mlflow/experiments/search?max_results=5", says: "better"),
    .fails("GET mlflow/experiments/search", nil, 400, invalid, "Invalid value 0 for parameter 'max_results'"),
    .works(
      "POST mlflow/experiments/search", nil, #"{"max_results": 5, "filter": "tags.a = 'b'"}"#, says: "better"),
    .fails(
      "POST mlflow/experiments/search", nil, body: #"{"max_results": 5, "filter": "nope = 'b'"}"#, 400, invalid, "nope"),
    .works(
      "POST mlflow/experiments/delete-experiment-tag", nil, #"{"experiment_id": "EXPERIMENT", "key": "a"}"#),
    .fails(
      "POST mlflow/experiments/delete-experiment-tag", nil, body: #"{"experiment_id": "EXPERIMENT", "key": "a"}"#, 404,
      missing, "No tag with name: a"),
    .works("POST mlflow/experiments/delete", nil, #"{"experiment_id": "EXPERIMENT"}"#),
    .fails(
      "POST mlflow/experiments/delete", nil, body: #"{"experiment_id": "EXPERIMENT"}"#, 404, missing, "No Experiment"),
    .works("POST mlflow/experiments/restore", nil, #"{"experiment_id": "EXPERIMENT"}"#),
    .fails("POST mlflow/experiments/restore", nil, body: #"{"experiment_id": "99"}"#, 404, missing, "id=99"),
  ]

  /// As a search of all experiments sends it.
  private static let manyExperiments =
    "{\"experiment_ids\": [\((0...2000).map { "\"\($0)\"" }.joined(separator: ", "))]}"

  static let runs: [EndpointScenario] = [
    .works("POST mlflow/runs/create", nil, #"{"experiment_id": "0", "run_name": "r"}"#, says: #""run_name":"r""#),
    .fails("POST mlflow/runs/create", nil, body: #"{"experiment_id": "99"}"#, 404, missing, "id=99"),
    .works("GET mlflow/runs/get", "GET mlflow/runs/get?run_id=RUN", says: #""run_id":"RUN""#),
    .fails("GET mlflow/runs/get", "GET mlflow/runs/get?run_id=none", 404, missing, "Run with id=none not found"),
    .works("POST mlflow/runs/update", nil, #"{"run_id": "RUN", "run_name": "s"}"#, says: #""run_name":"s""#),
    .fails("POST mlflow/runs/update", nil, body: #"{"run_id": "RUN", "status": "DONE"}"#, 400, invalid, "'status'"),
    .works("POST mlflow/runs/search", nil, #"{"experiment_ids": ["0"]}"#, says: #""run_id":"RUN""#),
    .works("POST mlflow/runs/search", nil, manyExperiments, says: #""run_id":"RUN""#),
    .fails(
      "POST mlflow/runs/search", nil, body: #"{"experiment_ids": ["0"], "filter": "metrics.a > 1 OR metrics.a < 0"}"#,
      400,
      invalid, "Invalid clause(s) in filter string: 'OR'"),
    .works("POST mlflow/runs/delete", nil, #"{"run_id": "RUN"}"#),
    .fails("POST mlflow/runs/delete", nil, body: "{}", 400, invalid, "'run_id'"),
    .works("POST mlflow/runs/restore", nil, #"{"run_id": "RUN"}"#),
    .fails("POST mlflow/runs/restore", nil, body: #"{"run_id": "none"}"#, 404, missing, "Run with id=none not found"),
  ]

  static let logging: [EndpointScenario] = [
    .works(
      "POST mlflow/runs/log-batch", nil,
      #"{"run_id": "RUN", "metrics": [{"key": "m", "value": 1, "timestamp": 1}], "params": [{"key": "p", "value": "1"}]}"#
    ),
    .fails(
      "POST mlflow/runs/log-batch", nil, body: #"{"run_id": "RUN", "params": [{"key": "p", "value": "2"}]}"#, 400,
      invalid,
      "Changing param values is not allowed. Param with key='p'"),
    .works(
      "POST mlflow/runs/log-metric", nil, #"{"run_id": "RUN", "key": "m", "value": 2, "timestamp": 2, "step": 1}"#),
    .fails(
      "POST mlflow/runs/log-metric", nil, body: #"{"run_id": "DELETED_RUN", "key": "m", "value": 2, "timestamp": 2}"#,
      400,
      invalid, "must be in the 'active' state"),
    .works("POST mlflow/runs/log-parameter", nil, #"{"run_id": "RUN", "key": "q", "value": "1"}"#),
    .fails(
      "POST mlflow/runs/log-parameter", nil, body: #"{"run_id": "RUN", "key": "../q", "value": "1"}"#, 400, invalid,
      "../q"),
    .works("POST mlflow/runs/set-tag", nil, #"{"run_id": "RUN", "key": "t", "value": "1"}"#),
    .fails("POST mlflow/runs/set-tag", nil, body: #"{"run_id": "RUN", "value": "1"}"#, 400, invalid, "'key'"),
    .works("POST mlflow/runs/delete-tag", nil, #"{"run_id": "RUN", "key": "t"}"#),
    .fails(
      "POST mlflow/runs/delete-tag", nil, body: #"{"run_id": "RUN", "key": "t"}"#, 404, missing, "No tag with name: t"),
    .works(
      "POST mlflow/runs/log-inputs", nil,
      #"{"run_id": "RUN", "datasets": [{"dataset": {"name": "d", "digest": "1", "source_type": "s", "source": "{}"}}]}"#
    ),
    .fails(
      "POST mlflow/runs/log-inputs", nil, body: #"{"run_id": "RUN", "datasets": [{}]}"#, 400, invalid, "'dataset'"),
    .works("POST mlflow/runs/outputs", nil, #"{"run_id": "RUN", "models": [{"model_id": "MODEL", "step": 1}]}"#),
    .fails("POST mlflow/runs/outputs", nil, body: #"{"run_id": "RUN"}"#, 400, invalid, "'models'"),
    .works(
      "POST mlflow/runs/log-model", nil,
      #"{"run_id": "RUN", "model_json": "{\"artifact_path\": \"m\", \"flavors\": {}, \"utc_time_created\": \"x\", \"run_id\": \"RUN\"}"}"#
    ),
    .fails(
      "POST mlflow/runs/log-model", nil, body: #"{"run_id": "RUN", "model_json": "no"}"#, 400, invalid,
      "Malformed model info"),
    .works(
      "POST mlflow/experiments/search-datasets", nil, #"{"experiment_ids": ["0"]}"#, says: #""name":"d""#),
    .fails(
      "POST mlflow/experiments/search-datasets", nil, body: #"{"experiment_ids": []}"#, 400, invalid,
      "SearchDatasets request must specify at least one experiment_id."),
  ]

  static let metrics: [EndpointScenario] = [
    .works(
      "GET mlflow/metrics/get-history", "GET mlflow/metrics/get-history?run_id=RUN&metric_key=m", says: #""value":2"#),
    .fails(
      "GET mlflow/metrics/get-history", "GET mlflow/metrics/get-history?run_id=RUN&metric_key=m&max_results=0", 400,
      invalid, "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer."),
    .works(
      "GET mlflow/metrics/get-history-bulk", "GET mlflow/metrics/get-history-bulk?run_id=RUN&metric_key=m",
      says: #""run_id":"RUN""#),
    .fails(
      "GET mlflow/metrics/get-history-bulk", "GET mlflow/metrics/get-history-bulk?metric_key=m", 400, invalid,
      "GetMetricHistoryBulk request must specify at least one run_id."),
    .works(
      "GET mlflow/metrics/get-history-bulk-interval",
      "GET mlflow/metrics/get-history-bulk-interval?run_ids=RUN&metric_key=m&start_step=1&end_step=1",
      says: #""step":1"#),
    .fails(
      "GET mlflow/metrics/get-history-bulk-interval",
      "GET mlflow/metrics/get-history-bulk-interval?run_ids=RUN&metric_key=m&start_step=1", 400, invalid,
      "If either start step or end step are specified, both must be specified."),
  ]

  static let artifacts: [EndpointScenario] = [
    .works(
      "PUT mlflow-artifacts/artifacts/{path}", "PUT mlflow-artifacts/artifacts/0/RUN/artifacts/d/f.txt", "text"),
    .fails(
      "PUT mlflow-artifacts/artifacts/{path}", "PUT mlflow-artifacts/artifacts/0/%2e%2e/f", body: "text", 400, invalid,
      "Invalid path"),
    .works(
      "GET mlflow-artifacts/artifacts/{path}", "GET mlflow-artifacts/artifacts/0/RUN/artifacts/d/f.txt", says: "text"),
    .fails(
      "GET mlflow-artifacts/artifacts/{path}", "GET mlflow-artifacts/artifacts/0/RUN/artifacts/d", 400, invalid,
      "Artifact path refers to a directory, not a file: '0/RUN/artifacts/d'"),
    .fails(
      "GET mlflow-artifacts/artifacts/{path}", "GET mlflow-artifacts/artifacts/0/none", 404, missing,
      "No such artifact"),
    .works(
      "GET mlflow-artifacts/artifacts", "GET mlflow-artifacts/artifacts?path=0/RUN/artifacts/d",
      says: #""path":"f.txt""#),
    .works("GET mlflow-artifacts/artifacts", "GET mlflow-artifacts/artifacts?path=none", says: "{}"),
    .fails(
      "GET mlflow-artifacts/artifacts", "GET mlflow-artifacts/artifacts?path=../x", 400, invalid, "Invalid path"),
    .works("GET mlflow/artifacts/list", "GET mlflow/artifacts/list?run_id=RUN&path=d", says: #""path":"d/f.txt""#),
    .fails("GET mlflow/artifacts/list", "GET mlflow/artifacts/list?run_id=none", 404, missing, "Run with id=none"),
    .works("POST mlflow/upload-artifact", "POST mlflow/upload-artifact?run_uuid=RUN&path=u/g.txt", "more", says: "{}"),
    .fails(
      "POST mlflow/upload-artifact", "POST mlflow/upload-artifact?run_uuid=RUN", body: "more", 400, invalid,
      "Request must specify path."),
    .fails(
      "POST mlflow/upload-artifact", "POST mlflow/upload-artifact?run_uuid=RUN&path=x", body: "", 400, invalid,
      "Request must specify data."),
    .works(
      "DELETE mlflow-artifacts/artifacts/{path}", "DELETE mlflow-artifacts/artifacts/0/RUN/artifacts/d", says: "{}"),
    .fails(
      "DELETE mlflow-artifacts/artifacts/{path}", "DELETE mlflow-artifacts/artifacts/registry/m/1/MLmodel", 400,
      invalid, "do not change"),
  ]

  /// What MLflow's server offers only over a cloud store: refused in its words, as for its local one.
  static let transfers: [EndpointScenario] = [
    .fails(
      "POST mlflow-artifacts/mpu/create/{path}", "POST mlflow-artifacts/mpu/create/a",
      body: #"{"path": "a", "num_parts": 2}"#,
      501, unbuilt, "Multipart upload is not supported for the current artifact repository"),
    .fails(
      "POST mlflow-artifacts/mpu/create/{path}", "POST mlflow-artifacts/mpu/create/a", body: "{}", 400, invalid,
      "'path'"),
    .fails(
      "POST mlflow-artifacts/mpu/complete/{path}", "POST mlflow-artifacts/mpu/complete/a",
      body: #"{"path": "a", "upload_id": "1", "parts": [{"part_number": 1}]}"#, 501, unbuilt, "Multipart upload"),
    .fails(
      "POST mlflow-artifacts/mpu/complete/{path}", "POST mlflow-artifacts/mpu/complete/a", body: #"{"path": "a"}"#, 400,
      invalid, "'parts'"),
    .fails(
      "POST mlflow-artifacts/mpu/abort/{path}", "POST mlflow-artifacts/mpu/abort/a",
      body: #"{"path": "a", "upload_id": "1"}"#, 501, unbuilt, "Multipart upload"),
    .fails(
      "POST mlflow-artifacts/mpu/abort/{path}", "POST mlflow-artifacts/mpu/abort/a/%2e%2e", body: #"{"path": "a"}"#,
      400,
      invalid, "Invalid path"),
    .fails(
      "GET mlflow-artifacts/presigned/{path}", "GET mlflow-artifacts/presigned/a", 501, unbuilt,
      "Multipart download is not supported for the current artifact repository"),
    .fails(
      "GET mlflow-artifacts/presigned/{path}", "GET mlflow-artifacts/presigned/%2e%2e/a", 400, invalid, "Invalid path"),
    .fails(
      "POST mlflow/artifacts/presigned-upload-url", nil, body: #"{"run_id": "RUN", "path": "a"}"#, 400, invalid,
      "Presigned upload is not supported for proxied artifact storage (artifact URI scheme: mlflow-artifacts). "
        + "This endpoint requires a direct cloud storage artifact URI."),
    .fails(
      "POST mlflow/artifacts/presigned-upload-url", nil, body: #"{"run_id": "RUN", "model_id": "MODEL", "path": "a"}"#,
      400,
      invalid, "Exactly one of run_id and model_id must be provided."),
    .fails(
      "POST mlflow/artifacts/presigned-download-url", nil, body: #"{"run_id": "RUN", "path": "a"}"#, 400, invalid,
      "Presigned download is not supported for runs with proxied artifact storage (artifact URI scheme: "
        + "mlflow-artifacts). This endpoint requires a run with a direct cloud storage artifact URI."),
    .fails(
      "POST mlflow/artifacts/presigned-download-url", nil, body: #"{"run_id": "RUN", "path": "a", "expiration": 0}"#,
      400,
      invalid, "expiration must be between 1 and 604800 seconds (got 0)."),
  ]

  static let loggedModels: [EndpointScenario] = [
    .works(
      "POST mlflow/logged-models", nil, #"{"experiment_id": "0", "name": "tree"}"#,
      says: #""status":"LOGGED_MODEL_PENDING""#),
    .fails("POST mlflow/logged-models", nil, body: #"{"name": "tree"}"#, 400, invalid, "'experiment_id'"),
    .works("GET mlflow/logged-models/{model_id}", "GET mlflow/logged-models/MODEL", says: #""model_id":"MODEL""#),
    .works(
      "GET mlflow/logged-models/{model_id}", "GET mlflow/logged-models/DELETED_MODEL?allow_deleted=true",
      says: #""model_id":"DELETED_MODEL""#),
    .fails(
      "GET mlflow/logged-models/{model_id}", "GET mlflow/logged-models/DELETED_MODEL", 404, missing,
      "Logged model with ID 'DELETED_MODEL' not found."),
    .works(
      "PATCH mlflow/logged-models/{model_id}", "PATCH mlflow/logged-models/MODEL",
      #"{"model_id": "MODEL", "status": "LOGGED_MODEL_READY"}"#, says: #""status":"LOGGED_MODEL_READY""#),
    .fails(
      "PATCH mlflow/logged-models/{model_id}", "PATCH mlflow/logged-models/MODEL",
      body: #"{"model_id": "MODEL", "status": "DONE"}"#, 400, invalid, "'status'"),
    .works(
      "POST mlflow/logged-models/{model_id}/params", "POST mlflow/logged-models/MODEL/params",
      #"{"model_id": "MODEL", "params": [{"key": "depth", "value": "3"}]}"#, says: "{}"),
    .fails(
      "POST mlflow/logged-models/{model_id}/params", "POST mlflow/logged-models/none/params", body: #"{"params": []}"#,
      404,
      missing, "Logged model with ID 'none' not found."),
    .works(
      "PATCH mlflow/logged-models/{model_id}/tags", "PATCH mlflow/logged-models/MODEL/tags",
      #"{"tags": [{"key": "a", "value": "b"}]}"#),
    .fails(
      "PATCH mlflow/logged-models/{model_id}/tags", "PATCH mlflow/logged-models/MODEL/tags",
      body: #"{"tags": [{"value": "b"}]}"#, 400, invalid, "key"),
    .works(
      "POST mlflow/logged-models/search", nil, #"{"experiment_ids": ["0"], "filter": "params.depth = '3'"}"#,
      says: #""model_id":"MODEL""#),
    .fails("POST mlflow/logged-models/search", nil, body: "{}", 400, invalid, "'experiment_ids'"),
    .works(
      "DELETE mlflow/logged-models/{model_id}/tags/{tag_key}", "DELETE mlflow/logged-models/MODEL/tags/a", says: "{}"),
    .fails(
      "DELETE mlflow/logged-models/{model_id}/tags/{tag_key}", "DELETE mlflow/logged-models/MODEL/tags/a", 404, missing,
      "No tag with key 'a' found for model with ID 'MODEL'."),
    .works(
      "GET mlflow/logged-models/{model_id}/artifacts/directories",
      "GET mlflow/logged-models/MODEL/artifacts/directories",
      says: #""path":"MLmodel""#),
    .fails(
      "GET mlflow/logged-models/{model_id}/artifacts/directories",
      "GET mlflow/logged-models/MODEL/artifacts/directories?artifact_directory_path=..", 400, invalid, "Invalid path"),
    .works(
      "GET mlflow/logged-models/{model_id}/artifacts/files",
      "GET mlflow/logged-models/MODEL/artifacts/files?artifact_file_path=MLmodel", says: "flavors"),
    .fails(
      "GET mlflow/logged-models/{model_id}/artifacts/files", "GET mlflow/logged-models/MODEL/artifacts/files", 400,
      "BAD_REQUEST", #"Request must include the \"artifact_file_path\" query parameter."#),
    .works("DELETE mlflow/logged-models/{model_id}", "DELETE mlflow/logged-models/MODEL", says: "{}"),
    .fails(
      "DELETE mlflow/logged-models/{model_id}", "DELETE mlflow/logged-models/MODEL", 404, missing,
      "Logged model with ID 'MODEL' not found."),
  ]
}
