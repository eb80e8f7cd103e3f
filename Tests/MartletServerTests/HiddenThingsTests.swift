import HTTPTypes
import Hummingbird
import HummingbirdTesting
import MartletAccess
import MartletCore
import MartletLifecycle
import MartletMonitoring
import MartletRegistry
import MartletServing
import MartletTesting
import MartletTracking
import NIOCore
import Testing

@testable import MartletServer

@Suite("What somebody may not see is for them as if it were not there") struct HiddenThingsTests {
  /// An answer without the names that the request itself held.
  private struct Answer: Equatable, CustomStringConvertible {
    let status: Int
    let body: String

    init(_ response: TestResponse, without names: [String: String]) {
      status = Int(response.status.code)
      // The longest first: one name may stand within another.
      let others = names.filter { $0.key != "project" }.sorted { $1.value.count < $0.value.count }
      body = others.reduce(String(buffer: response.body)) { $0.replacing($1.value, with: "<\($1.key)>") }
    }

    var description: String { "\(status) \(body.prefix(400))" }
  }

  /// Making something says whether its name is taken; nothing can be done about that.
  private static let tellTaken = ["/mlflow/experiments/create", "/mlflow/registered-models/create"]

  @Test("Every route answers alike for what is hidden and for what is not there", arguments: TestDatabase.kinds)
  func everyRoute(kind: TestDatabase.Kind) async throws {
    let world = try await AccessWorld(rolesIn: "beta", kind)
    try await world.refurnish()
    for route in world.routes where route.namesSomething && !Self.tellTaken.contains(where: route.template.hasSuffix) {
      for user in ["nobody", "data-scientist", "executive", "admin"] {
        let hidden = Answer(try await route.send(world, as: user), without: world.names)
        let other = AskedRoute(route.method, route.template, AskedRoute.absent)
        let absent = Answer(try await other.send(world, as: user), without: AskedRoute.absent)
        #expect(absent == hidden, "\(user) \(route.name)")
      }
    }
    await world.close()
  }

  /// What MLflow's permissions can deny to somebody.
  private static let deniable = ["run", "experiment", "experimentName", "model", "loggedModel"]

  @Test("Nor can somebody who sees everything else tell what is denied to them", arguments: TestDatabase.kinds)
  func everyRouteDenied(kind: TestDatabase.Kind) async throws {
    let world = try await AccessWorld(kind)
    try await world.refurnish()
    let absent = world.names.merging(AskedRoute.absent.filter { Self.deniable.contains($0.key) }) { $1 }
    let users = ["data-scientist", "devops", "executive"]
    for user in users {
      for grant in [
        ResourceGrant(.experiment, world.experiment.text, .deny), ResourceGrant(.model, "zebra-model", .deny),
      ] {
        try await world.accounts.grantPermission(grant, to: user, by: Author(name: "root", role: "admin"))
      }
    }
    // What somebody is denied stands among their own permissions; and the time is always another.
    let others = ["/mlflow/users", "/mlflow/roles", "/permissions", "/clock"]
    for route in world.routes where route.template.contains("mlflow") || route.method == .get {
      if others.contains(where: route.template.contains) { continue }
      guard route.namesSomething, !Self.tellTaken.contains(where: route.template.hasSuffix) else { continue }
      for user in users {
        let hidden = Answer(try await route.send(world, as: user), without: world.names)
        let other = Answer(
          try await AskedRoute(route.method, route.template, absent).send(world, as: user), without: absent)
        #expect(other == hidden, "\(user) \(route.name)")
      }
    }
    await world.close()
  }

  // MARK: Links

  private static let root = "/api/2.0/mlflow/"

  private func post(_ world: AccessWorld, _ path: String, _ body: JSON) async throws -> TestResponse {
    try await world.send(
      .post, Self.root + path, as: "data-scientist", headers: [.contentType: "application/json"], body: body.text)
  }

  /// What somebody of beta may write to, each with a field that names something else.
  private func links(_ own: (experiment: String, run: String), _ names: [String: String]) -> [(String, JSON)] {
    let run = names["run"] ?? ""
    let model = JSON.string(names["loggedModel"] ?? "")
    let mine = JSON.string(own.run)
    func version(_ fields: [String: JSON]) -> (String, JSON) {
      ("model-versions/create", .object(["name": "mine"].merging(fields) { $1 }))
    }
    let metric: [String: JSON] = ["key": "k", "value": 1, "timestamp": 1, "step": 1, "model_id": model]
    return [
      version(["source": .string("runs:/\(run)/x"), "run_id": .string(run)]),
      version(["source": "s3://bucket/x", "run_id": .string(run)]),
      version(["source": "s3://bucket/x", "model_id": model]),
      version(["source": .string("models:/\(model.string ?? "")"), "model_id": model]),
      version(["source": .string("models:/\(names["model"] ?? "")/1")]),
      version(["source": .string("models:/\(names["model"] ?? "")@live")]),
      version(["source": .string("mlflow-artifacts:/\(names["experiment"] ?? "")/x"), "run_id": .string(run)]),
      ("logged-models", ["experiment_id": .string(own.experiment), "source_run_id": .string(run)]),
      ("runs/log-metric", .object(metric.merging(["run_id": mine]) { $1 })),
      ("runs/log-batch", ["run_id": mine, "metrics": [.object(metric)]]),
      ("runs/log-inputs", ["run_id": mine, "models": [["model_id": model]]]),
      ("runs/outputs", ["run_id": mine, "models": [["model_id": model, "step": 1]]]),
    ]
  }

  @Test(
    "Nothing is linked to what is hidden, and the answer does not say whether it is there",
    arguments: TestDatabase.kinds)
  func everyLink(kind: TestDatabase.Kind) async throws {
    let world = try await AccessWorld(rolesIn: "beta", kind)
    let author = Author(name: "root", role: "admin")
    let (tracker, tag) = (world.plane.platform.tracker, KeyValue(ProjectName.tag, "beta"))
    let experiment = try await tracker.createExperiment(named: "mine", tags: [tag], by: author)
    let run = try await tracker.createRun(NewRun(experiment: experiment), by: author).id
    _ = try await world.plane.platform.registry.createModel("mine", tags: [tag.key: tag.value], by: author)
    let hidden = links((experiment.text, run.text), world.names)
    let absent = links((experiment.text, run.text), AskedRoute.absent)
    for ((path, body), (_, other)) in zip(hidden, absent) {
      let answer = Answer(try await post(world, path, body), without: world.names)
      #expect(answer.status == 404, "\(path) \(body): \(answer)")
      let absent = Answer(try await post(world, path, other), without: AskedRoute.absent)
      #expect(absent == answer, "\(path) \(body)")
    }
    #expect(try await world.plane.platform.registry.searchVersions(filter: "name = 'mine'").items.isEmpty)
    await world.close()
  }

  // MARK: Makers

  @Test("Who made something manages it until the role is taken away, and not after", arguments: TestDatabase.kinds)
  func makers(kind: TestDatabase.Kind) async throws {
    let world = try await AccessWorld(kind)
    let experiment = try await post(world, "experiments/create", ["name": "own"]).json["experiment_id"] ?? ""
    #expect(try await post(world, "registered-models/create", ["name": "own model"]).status == .ok)
    func rename() async throws -> [Int] {
      [
        try await post(world, "experiments/delete", ["experiment_id": experiment]),
        try await post(world, "experiments/restore", ["experiment_id": experiment]),
        try await post(world, "registered-models/set-tag", ["name": "own model", "key": "k", "value": "v"]),
      ].map { Int($0.status.code) }
    }
    #expect(try await rename() == [200, 200, 200])
    let root = Author(name: "root", role: "admin")
    _ = try await world.accounts.revoke(Grant(.dataScientist), from: "data-scientist", by: root)
    #expect(try await rename() == [404, 404, 404])
    _ = try await world.accounts.grant(Grant(.dataEngineer), to: "data-scientist", by: root)
    #expect(try await rename() == [200, 200, 403], "an engineer makes experiments, not models")
    await world.close()
  }

  @Test(
    "An experiment of a project's name is the project's, whoever of its people makes it", arguments: TestDatabase.kinds)
  func ofAProject(kind: TestDatabase.Kind) async throws {
    let world = try await AccessWorld(kind)
    let made = try await post(world, "experiments/create", ["name": "beta"]).json["experiment_id"]?.string ?? ""
    let tags = try await world.plane.platform.tracker.experiment(ExperimentID(made)).tags
    #expect(tags == [KeyValue(ProjectName.tag, "beta")])
    let other: JSON = ["name": "beta", "tags": [["key": .string(ProjectName.tag), "value": "alpha"]]]
    let refused = try await post(world, "experiments/create", other)
    #expect(refused.status == .badRequest)
    await world.close()
  }

  @Test("A model's page shows its versions to those who may read it, and their runs to those who may read these")
  func modelPage() async throws {
    let world = try await AccessWorld(rolesIn: "alpha")
    func page(_ user: String) async throws -> String {
      let answer = try await world.send(.get, "/models/zebra-model", as: user, headers: [.accept: "text/html"])
      #expect(answer.status == .ok)
      return String(buffer: answer.body)
    }
    #expect(try await page("devops").contains("/models/zebra-model/1"))
    let overview = try await page("executive")
    #expect(overview.contains("Versions are shown to those who may read the model."))
    #expect(!overview.contains("/models/zebra-model/1") && !overview.contains("/runs/"))
    let root = Author(name: "root", role: "admin")
    _ = try await world.plane.platform.registry.createVersion(
      NewModelVersion(model: "zebra-model", source: "s3://bucket/x", run: world.run), by: root)
    #expect(try await page("devops").contains("/runs/\(world.run)"))
    try await world.accounts.grantPermission(ResourceGrant(.model, "zebra-model", .read), to: "nobody", by: root)
    let narrow = try await page("nobody")
    #expect(narrow.contains("/models/zebra-model/2") && !narrow.contains("/runs/\(world.run)"))
    await world.close()
  }

  // MARK: The native API

  @Test("A version of a hidden model is not deployed, nor told from one that is not there")
  func deploying() async throws {
    let world = try await AccessWorld(rolesIn: "beta")
    let author = Author(name: "root", role: "admin")
    try await world.plane.platform.deployments.define(
      .init(name: "own", project: "beta"), by: author, at: world.plane.clock.now)
    for model in ["zebra-model", "nowhere"] {
      let response = try await world.send(
        .post, "/api/v1/endpoints/own/deployments", as: "devops", headers: [.contentType: "application/json"],
        body: #"{"version":"\#(model)@1"}"#)
      #expect(response.status == .notFound)
      #expect(response.errorText("message") == "Registered Model with name=\(model) not found")
    }
    await world.close()
  }

  @Test("Alerts and notifications of other projects crowd out nobody's own", arguments: TestDatabase.kinds)
  func crowding(kind: TestDatabase.Kind) async throws {
    let world = try await AccessWorld(rolesIn: "beta", kind)
    let alerts = world.plane.platform.alerts
    let time = Timestamp(milliseconds: 1)
    _ = try await alerts.raise(
      project: "beta", subject: "endpoint:own", kind: "drift", severity: .warn, owner: nil, reason: "old", key: "own",
      at: time)
    let response = try await world.send(.get, "/api/v1/alerts?limit=1", as: "data-scientist")
    #expect(try response.json["items"]?.array?.compactMap { $0["reason"]?.string } == ["old"])
    let notifications = try await world.send(.get, "/api/v1/notifications?limit=1", as: "data-scientist")
    #expect(try notifications.json["items"]?.array?.isEmpty == true)
    await world.close()
  }
}
