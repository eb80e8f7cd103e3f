import HTTPTypes
import HummingbirdTesting
import MartletAccess
import MartletCore
import NIOCore
import Testing

/// One request for one route, with everything that any route looks at.
struct AskedRoute {
  let method: HTTPRequest.Method
  let template: String
  /// What the request names, by kind: `run`, `model`, ….
  let names: [String: String]

  var name: String { "\(method.rawValue) \(template)" }

  /// Names of what is not there.
  static let absent = [
    "project": "alpha", "run": "fedcba9876543210fedcba9876543210", "experiment": "987654",
    "experimentName": "absent-experiment", "model": "absent-model",
    "loggedModel": "m-0fedcba9876543210fedcba987654321", "endpoint": "absent-endpoint",
    "pipelineRun": "fedcba9876543210", "alert": "edcba9876543210f", "notification": "dcba9876543210fe",
  ]

  init(_ method: HTTPRequest.Method, _ template: String, _ names: [String: String]) {
    self.method = method
    self.template = template
    self.names = names
  }

  // MARK: Asking

  /// `+` allowed, `-` refused, `/` as if it were not there, `?` asked who it is.
  func ask(_ world: AccessWorld, as user: String?) async throws -> Character {
    try await world.refurnish(toRestore: template.hasSuffix("restore"))
    let response = try await send(world, as: user)
    switch response.status.code {
    case 401: return template == "/sign-in" ? "+" : "?"
    case 303: return response.headers[.location]?.hasPrefix("/sign-in?") == true ? "?" : "+"
    case 403: return "-"
    case 404 where isHidden(String(buffer: response.body)): return "/"
    default:
      #expect(response.status.code < 500 || response.status == .notImplemented, "\(name): \(response.status)")
      return "+"
    }
  }

  func send(_ world: AccessWorld, as user: String?) async throws -> TestResponse {
    var headers: HTTPFields = [:]
    var body: String?
    var uri = path
    let isPage = !template.hasPrefix("/api/") && !template.hasPrefix("/ajax-api/")
    if isPage, method == .get { headers[.accept] = "text/html" }
    if method != .get {
      headers[.contentType] =
        isPage && template != "/v1/traces" ? "application/x-www-form-urlencoded" : "application/json"
      body = template.hasPrefix("/api/v1") ? Self.bodies[template] ?? "{}" : isPage ? "" : JSON.object(fields).text
    }
    if isQueried { uri += "?\(query)" }
    return try await world.send(method, uri, as: user, headers: headers, body: body)
  }

  /// Whether an answer says of what was named that it is not there.
  private func isHidden(_ text: String) -> Bool {
    let subjects: [Subject] = [
      .experiment(ExperimentID(name("experiment"))), .experimentNamed(name("experiment")), .run(RunID(name("run"))),
      .loggedModel(name("loggedModel")), .model(ModelName(name("model"))), .endpoint(EndpointName(name("endpoint"))),
      .pipelineRun(PipelineRunID(name("pipelineRun"))), .alert(AlertID(name("alert"))),
      .notification(name("notification")),
    ]
    let messages =
      subjects.map { Refusal.hidden($0).message } + [
        "Could not find experiment with name '\(name("experimentName"))'",
        "No such artifact: '\(name("experiment"))/x'", "No such artifact: 'x'",
      ]
    // Pages escape quotes, and begin sentences with a capital.
    return messages.map { $0.dropFirst() }.contains {
      text.contains($0) || text.contains($0.replacing("'", with: "&#39;"))
    }
  }

  private func name(_ kind: String) -> String { names[kind] ?? "" }

  // MARK: What is sent

  /// Whether what is sent holds any of the names.
  var namesSomething: Bool { template.contains { "{:*".contains($0) } || template.contains("mlflow") || isQueried }

  private var isQueried: Bool {
    method == .get && (template.contains("mlflow") || template.contains("artifact"))
      || template.hasSuffix("upload-artifact")
  }

  private var path: String {
    template.split(separator: "/", omittingEmptySubsequences: false).map { part -> String in
      if part == "**" { return "\(name("experiment"))/x" }
      guard part.hasPrefix("{") || part.hasPrefix(":") else { return String(part) }
      return parameter(part.trimmingPrefix { "{:".contains($0) }.filter { $0 != "}" })
    }.joined(separator: "/")
  }

  private func parameter(_ parameter: String) -> String {
    switch parameter {
    case "run" where template.contains("/pipeline-runs/"): name("pipelineRun")
    case "id": name(kindOfID)
    case "model_id": name("loggedModel")
    case "name": name(template.hasPrefix("/endpoints/") ? "endpoint" : "model")
    case "user": "nobody"
    case "role": "data-scientist"
    case "version": "1"
    default: names[parameter] ?? "x"
    }
  }

  private var kindOfID: String {
    let kinds = [
      "/experiments/": "experiment", "/runs/": "run", "/logged-models/": "loggedModel", "/pipelines/": "pipelineRun",
      "/alerts/": "alert",
    ]
    return kinds.first { template.hasPrefix($0.key) }?.value ?? "run"
  }

  /// Where the handler decides once it has read what is meant.
  private static let bodies = [
    "/api/v1/users/{user}/roles": #"{"role":"executive"}"#,
    "/api/v1/users/{user}/password": #"{"password":"another horse battery"}"#,
    "/api/v1/tokens": #"{"name":"new","user":"nobody"}"#,
  ]

  private var query: String {
    fields.map { name, value in "\(name)=\(value.string ?? value.array?.first?.string ?? "")" }.joined(separator: "&")
  }

  private var fields: [String: JSON] {
    [
      "experiment_id": .string(name("experiment")), "run_id": .string(name("run")), "name": .string(name("model")),
      "version": "1", "experiment_ids": [.string(name("experiment"))], "run_ids": [.string(name("run"))],
      "experiment_name": .string(name("experimentName")), "key": "k", "value": "v", "max_results": "10", "path": "x",
      "metric_key": "k", "username": "nobody", "role_id": "1", "role_permission_id": "1",
      "resource_type": "experiment", "resource_id": .string(name("experiment")), "permission": "READ",
      "workspace": "default", "alias": "a", "artifact_file_path": "x", "run_uuid": .string(name("run")),
      "password": "",
    ]
  }
}
