import HTTPTypes
package import Hummingbird
import MartletAccess
package import MartletCore
import MartletLifecycle
import MartletWeb

/// The one table of the native API's operations: the router, the OpenAPI document and the advice on unknown
/// addresses are all made from it.
package struct Routes: Sendable {
  package let all: [APIRoute]
  private let version: String
  /// Nil where nobody is turned away.
  private let ownerships: Ownerships?
  private let mode: AccessMode

  package init(_ plane: ControlPlane, measures: RequestMeasures) {
    let (loop, platform) = (plane.loop, plane.platform)
    let mode = plane.configuration.access
    self.init(
      [
        AccountRoutes(accounts: platform.accounts), TokenRoutes(accounts: platform.accounts, clock: plane.clock),
        SessionRoutes(accounts: platform.accounts, mode: mode),
        ServerRoutes(plane: plane), StatusRoutes(plane: plane), ProjectRoutes(loop: loop), DatasetRoutes(loop: loop),
        FeatureRoutes(features: platform.features), PipelineRunRoutes(loop: loop),
        ExperimentRoutes(tracker: platform.tracker), ModelRoutes(registry: platform.registry, gates: platform.gates),
        EndpointRoutes(loop: loop, scoringURL: { await plane.scoringURL() }),
        MonitorRoutes(monitors: platform.monitors), AlertRoutes(platform: platform),
        NotificationRoutes(outbox: platform.notifications, clock: plane.clock),
        WebhookRoutes(webhooks: platform.webhooks, sender: platform.webhookSender, outbox: platform.notifications),
        ImportRoutes(imports: platform.imports), LedgerRoutes(ledger: platform.ledger),
      ], version: plane.configuration.version, ownerships: plane.ownerships, mode: mode)
  }

  init(
    _ groups: [any APIRoutes], version: String, ownerships: Ownerships? = nil, mode: AccessMode = AccessMode()
  ) {
    all = groups.flatMap(\.routes)
    self.version = version
    self.ownerships = ownerships
    self.mode = mode
  }

  /// The OpenAPI 3.1 document.
  package var document: JSON { OpenAPIDocument(routes: all, version: version).json }

  package func add(to router: Router<ServerContext>) {
    for route in all {
      router.on(RouterPath("/api/v1" + route.path), method: route.method) { request, context in
        let author = try await self.author(route, context)
        let sight = ownerships.map { Sight((try? context.caller) ?? .anonymous, $0) }
        let checked = try await APIRequest(request, route, context, author: author, sight: sight, mode: mode)
        return try await route.handler(checked).response(route.response.status)
      }
    }
    let document = self.document
    router.get("/api/v1/openapi.json") { _, _ in APIResponse.json(document).response(.ok) }
  }

  /// Lets pass whoever may do what the route needs; as the ledger is to name them.
  private func author(_ route: APIRoute, _ context: ServerContext) async throws -> Author {
    let caller = route.needs == .open ? (try? context.caller) ?? .anonymous : try context.caller
    guard let ownerships, !caller.isLocal else { return caller.author(requestID: context.id) }
    let subject = route.needs.subject { name in
      context.parameters.get(name).flatMap { try? PercentDecoding.segment($0) }
    }
    return try await ownerships.control.demand(route.needs, of: caller, on: subject, requestID: context.id)
  }

  /// What to say about an address that no route has.
  package func unknown(_ request: Request) -> MartletError {
    let path = request.uri.path
    guard path.hasPrefix("/api/v1/") else {
      return MartletError.notFound(
        "there is nothing at '\(path.prefix(200))'", fix: "the API's operations are listed at /api/v1/openapi.json")
    }
    let methods = all.filter { Self.matches("/api/v1" + $0.path, path) }.map(\.method.rawValue)
    guard methods.isEmpty else {
      return MartletError(
        .notFound, "'\(path.prefix(200))' does not answer \(request.method.rawValue)",
        fix: "use \(methods.sorted().joined(separator: " or "))")
    }
    let suggestion = didYouMean(path, among: Set(all.map { "/api/v1" + $0.path }))
    return MartletError.notFound(
      "the API has no operation at '\(path.prefix(200))'\(suggestion)",
      fix: "the operations are listed at /api/v1/openapi.json")
  }

  private static func matches(_ template: String, _ path: String) -> Bool {
    let (wanted, given) = (template.split(separator: "/"), path.split(separator: "/"))
    return wanted.count == given.count && zip(wanted, given).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
  }
}
