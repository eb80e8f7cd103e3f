import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import MartletAccess
import MartletArtifacts
import MartletCore
import MartletLifecycle
import MartletMonitoring
import MartletRegistry
import MartletServing
import MartletStore
import MartletTesting
import MartletTracking
import NIOCore

@testable import MartletServer

/// A server with authentication, two projects, and somebody in every role.
struct AccessWorld {
  let plane: ControlPlane
  let router: Router<ServerContext>
  let run: RunID
  let experiment: ExperimentID
  let loggedModel: String
  /// What there is to ask for, all of the project alpha: by kind.
  private(set) var names: [String: String] = [:]
  /// A token of each account, by name.
  private(set) var tokens: [String: String] = [:]

  static let password = "correct horse battery"
  private static let root = Author(name: "root", role: "admin")

  var accounts: Accounts { plane.platform.accounts }

  /// - Parameter project: where everybody has their role; everywhere when nil.
  init(rolesIn project: ProjectName? = nil, _ kind: TestDatabase.Kind = .sqlite) async throws {
    var configuration = TestServer.configuration()
    configuration.authentication = true
    if kind == .postgresql { configuration.store = try await kind.newURL() }
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    plane = try await ControlPlane(
      configuration: configuration, accounts: { .forTests(database: $0) }, logger: logger)
    router = try await buildRouter(
      plane: plane, address: LocalAddress(host: "127.0.0.1", port: 80), measures: RequestMeasures())
    try await plane.platform.database.write { connection in
      for name in ["alpha", "beta"] {
        try connection.execute("INSERT INTO projects (name, created_at) VALUES (?, 0)", [.text(name)])
      }
    }
    let tracker = plane.platform.tracker
    experiment = "424242"
    try await Self.insertExperiment(experiment, plane.platform.database)
    run = try await tracker.createRun(NewRun(experiment: experiment), by: Self.root).id
    loggedModel = try await tracker.createLoggedModel(NewLoggedModel(experiment: experiment), by: Self.root).id
    _ = try await plane.platform.registry.createVersion(
      NewModelVersion(model: Self.model, source: "s3://bucket/model", project: "alpha"), by: Self.root)
    try await furnish()
    try await populate(project)
  }

  // Names that stand in no message by chance.
  private static let model: ModelName = "zebra-model"
  private static let endpoint: EndpointName = "zebra-endpoint"
  private static let pipelineRun = "0123456789abcdef"

  private static func insertExperiment(_ id: ExperimentID, _ database: any Database) async throws {
    try await database.write { connection in
      try connection.execute(
        """
        INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle, creation_time, last_update_time)
        VALUES (\(id), 'zebra-experiment', 'mlflow-artifacts:/\(id)', 'active', 0, 0)
        """)
      try connection.execute(
        "INSERT INTO experiment_tags (experiment_id, key, value) VALUES (\(id), ?, 'alpha')", [.text(ProjectName.tag)])
    }
  }

  private mutating func furnish() async throws {
    let platform = plane.platform
    try await platform.deployments.define(
      EndpointDefinition(name: Self.endpoint, project: "alpha"), by: Self.root, at: plane.clock.now)
    let alert = try await platform.alerts.raise(
      project: "alpha", subject: "endpoint:\(Self.endpoint)", kind: "drift", severity: .warn, owner: nil,
      reason: "psi is 0.4",
      key: "k", at: plane.clock.now)
    let notification = MartletMonitoring.Notification(
      event: "drift", project: "alpha", subject: "endpoint:\(Self.endpoint)", severity: .warn, reason: "psi is 0.4",
      eventTime: plane.clock.now, page: "/endpoints/\(Self.endpoint)")
    let position = try await platform.notifications.position()
    try await platform.notifications.add(
      [(notification, "log")], from: position, to: position, at: plane.clock.now)
    try await platform.database.write { connection in
      try connection.execute(
        """
        INSERT INTO pipeline_runs (id, project, number, version, state, trigger_name, params, targets, author,
          event_time, created_at) VALUES (?, 'alpha', 1, 1, 'succeeded', 'manual', '{}', '[]', 'root', 0, 0)
        """, [.text(Self.pipelineRun)])
    }
    names = [
      "project": "alpha", "run": run.text, "experiment": experiment.text, "experimentName": "zebra-experiment",
      "model": Self.model.text,
      "loggedModel": loggedModel, "endpoint": Self.endpoint.text, "pipelineRun": Self.pipelineRun,
      "alert": alert.id.text,
      "notification": try await platform.notifications.deliveries().first?.id.text ?? "",
    ]
  }

  /// Brings back what somebody deleted.
  ///
  /// - Parameter toRestore: leaves it deleted, for who wants to restore it.
  func refurnish(toRestore: Bool = false) async throws {
    let (platform, experiment) = (plane.platform, experiment)
    let blob = try await platform.artifacts.put(bytes: Array("text".utf8))
    try await platform.tracker.putArtifact(path: "\(experiment)/x", digest: blob.digest, size: Int64(blob.size))
    try await platform.database.write { connection in
      let lifecycle = SQLValue.text(toRestore ? "deleted" : "active")
      try connection.execute(
        "UPDATE experiments SET lifecycle = ?, name = 'zebra-experiment' WHERE experiment_id = \(experiment)",
        [lifecycle])
      try connection.execute("UPDATE runs SET lifecycle = ?", [lifecycle])
      try connection.execute("UPDATE logged_models SET lifecycle = 'active'")
      let tag = [SQLValue.text(ProjectName.tag), "alpha"]
      try connection.execute(
        "INSERT INTO experiment_tags (experiment_id, key, value) VALUES (\(experiment), ?, ?) ON CONFLICT DO NOTHING",
        tag)
      try connection.execute(
        """
        INSERT INTO registered_models (name, created_by, creation_time, last_update_time, last_version)
        VALUES (?, 'root', 0, 0, 1) ON CONFLICT DO NOTHING
        """, [SQLValue(Self.model)])
      try connection.execute(
        "INSERT INTO registered_model_tags (name, key, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [SQLValue(Self.model)] + tag)
    }
  }

  /// One request for each route of the server.
  var routes: [AskedRoute] {
    router.routes.filter { $0.method != .head }.map { AskedRoute($0.method, $0.path.description, names) }
      .sorted { ($0.template, $0.method.rawValue) < ($1.template, $1.method.rawValue) }
  }

  private mutating func populate(_ project: ProjectName?) async throws {
    let accounts = plane.platform.accounts
    _ = try await accounts.create("root", password: Self.password, grants: [Grant(.admin)], by: Self.root)
    for role in JobRole.allCases {
      _ = try await accounts.create(role.rawValue, password: nil, grants: [Grant(role, in: project)], by: Self.root)
    }
    _ = try await accounts.create("nobody", password: nil, by: Self.root)
    for user in try await accounts.users() {
      tokens[user.name] = try await accounts.createToken("test", of: user.name, by: Self.root).secret
    }
  }

  /// - Parameter user: an account's name; nil: nobody says who they are.
  func send(
    _ method: HTTPRequest.Method, _ path: String, as user: String?, headers: HTTPFields = [:], body: String? = nil
  ) async throws -> TestResponse {
    let (fields, content) = (self.headers(user, headers), body.map { ByteBuffer(string: $0) })
    return try await Application(router: router).test(.router) { client in
      try await client.execute(uri: path, method: method, headers: fields, body: content)
    }
  }

  func headers(_ user: String?, _ others: HTTPFields = [:]) -> HTTPFields {
    var headers = others
    if let user { headers[.authorization] = "Bearer \(tokens[user] ?? "none")" }
    return headers
  }

  func close() async { await plane.close() }
}
