import HTTPTypes
import Hummingbird
import HummingbirdTesting
import MartletAccess
import MartletArtifacts
import MartletCore
import MartletMLflow
import MartletRegistry
import MartletStore
import MartletTesting
import MartletTracking
import NIOCore
import NIOPosix
import Testing

/// MLflow's routes over a database and an artifact folder of their own, in this process.
struct MLflowServer: Sendable {
  let tracker: ExperimentTracker
  let registry: ModelRegistry
  private let routes: MLflowRoutes<BasicRequestContext>

  init(_ kind: TestDatabase.Kind = .sqlite, limits: TransactionLimits = .usual) async throws {
    let database = try await kind.open(limits: limits)
    tracker = ExperimentTracker(database: database)
    registry = ModelRegistry(database: database)
    let artifacts = ArtifactStore(root: try TemporaryFolder.make(), threads: .singleton)
    let webhooks = try Self.webhooks(database)
    let control = AccessControl(accounts: .forTests(database: database)) { _ in Ownership() }
    routes = MLflowRoutes(
      tracker: tracker, registry: registry, webhooks: webhooks, artifacts: artifacts, control: control
    ) { _, _ in
      Caller(.local, name: "ann")
    }
  }

  /// Webhooks whose receiver answers with the event that it was asked for.
  private static func webhooks(_ database: any Database) throws -> WebhookService {
    let webhooks = RegistryWebhooks(
      database: database, clock: .system, seal: SecretSeal(keyFile: try TemporaryFolder.make() + "/key"),
      checkAddress: { url in
        guard url.hasPrefix("https://") else { throw MartletError.invalidInput("Invalid webhook URL scheme") }
      })
    return WebhookService(registry: webhooks) { id, event in
      _ = try await webhooks.webhook(id)
      return WebhookTestResult(isDelivered: true, status: 200, body: event?.description ?? "none")
    }
  }

  func run(_ body: @escaping @Sendable (Client) async throws -> Void) async throws {
    let router = Router(context: BasicRequestContext.self)
    routes.addRoutes(to: router)
    try await Application(router: router).test(.router) { try await body(Client(client: $0)) }
  }

  struct Client {
    let client: any TestClientProtocol

    /// Sends JSON; GET sends the body's members as a query.
    func send(
      _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, type: String? = "application/json",
      headers: HTTPFields = [:]
    ) async throws -> Answer {
      var headers = headers
      if let type, body != nil || method != .get { headers[.contentType] = type }
      return try await client.execute(
        uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }
      ) { Answer(status: $0.status, headers: $0.headers, text: String(buffer: $0.body)) }
    }

    func post(_ path: String, _ body: String) async throws -> Answer { try await send(.post, Self.root + path, body) }
    func get(_ path: String) async throws -> Answer { try await send(.get, Self.root + path) }

    static let root = "/api/2.0/mlflow/"
  }

  struct Answer {
    var status: HTTPResponse.Status
    var headers: HTTPFields
    var text: String

    var json: JSON { (try? JSON.parse(text)) ?? .null }
    /// A member by a dotted path, such as `run.info.run_id` or `runs.0.info`.
    subscript(path: String) -> JSON? {
      path.split(separator: ".").reduce(Optional(json)) { value, part in
        if let index = Int(part), let elements = value?.array {
          return elements.indices.contains(index) ? elements[index] : nil
        }
        return value?[String(part)]
      }
    }
    var code: String? { json["error_code"]?.string }
    var message: String { json["message"]?.string ?? text }
  }
}
