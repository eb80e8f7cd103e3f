import HTTPTypes
package import Hummingbird
package import MartletAccess
package import MartletArtifacts
package import MartletCore
package import MartletRegistry
package import MartletTracking
import NIOCore

/// Those who are told of what happens in the registry, and how one of them is told for a test.
package struct WebhookService: Sendable {
  let registry: RegistryWebhooks
  let test: @Sendable (WebhookID, RegistryEvent?) async throws -> WebhookTestResult

  package init(
    registry: RegistryWebhooks,
    test: @escaping @Sendable (WebhookID, RegistryEvent?) async throws -> WebhookTestResult
  ) {
    self.registry = registry
    self.test = test
  }
}

/// MLflow's REST interface (version 3.17.2) over Martlet's own tracking and registry, so that MLflow clients work
/// unchanged: W1 to W3 of the endpoints, each under `/api` and `/ajax-api`.
package struct MLflowRoutes<Context: RequestContext>: Sendable {
  /// Who asks, or an error (`.unauthenticated`) when their credentials do not hold.
  package typealias CallerOf = @Sendable (Request, Context) throws -> Caller
  typealias GateOf = @Sendable (Request, Context) throws -> WireGate

  let tracker: ExperimentTracker
  let registry: ModelRegistry
  let webhooks: WebhookService
  let artifacts: ArtifactStore
  let control: AccessControl
  let gate: GateOf
  let clock: WallClock

  /// - Parameters:
  ///   - isProject: whether a project has a name; experiments of that name are its own.
  ///   - caller: who asks.
  package init(
    tracker: ExperimentTracker, registry: ModelRegistry, webhooks: WebhookService, artifacts: ArtifactStore,
    control: AccessControl, isProject: @escaping @Sendable (String) async throws -> Bool = { _ in false },
    clock: WallClock = .system, caller: @escaping CallerOf
  ) {
    self.tracker = tracker
    self.registry = registry
    self.webhooks = webhooks
    self.artifacts = artifacts
    self.control = control
    self.clock = clock
    gate = { request, context in
      WireGate(caller: try caller(request, context), control: control, isProject: isProject, requestID: context.id)
    }
  }

  /// The version that clients adapt to.
  package static var version: String { "3.17.2" }

  package func addRoutes(to router: some RouterMethods<Context>) {
    let endpoints = Endpoints(["/api/2.0/mlflow", "/ajax-api/2.0/mlflow"], on: router, gate: gate)
    addExperimentRoutes(to: endpoints)
    addRunRoutes(to: endpoints)
    addLoggingRoutes(to: endpoints)
    addMetricRoutes(to: endpoints)
    addArtifactRoutes(to: endpoints)
    addSignedAddressRoutes(to: endpoints)
    addLoggedModelRoutes(to: endpoints)
    addRegisteredModelRoutes(to: endpoints)
    addModelVersionRoutes(to: endpoints)
    addWebhookRoutes(to: endpoints)
    addArtifactProxyRoutes(
      to: Endpoints(
        ["/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts"], on: router, gate: gate))
    addAuthRoutes(to: router)
    addTraceRoutes(to: router)
    addServerInfoRoutes(to: router)
    addUnknownRoutes(to: router)
  }

  /// What is not built answers as MLflow's server does: 404 with a page, not JSON.
  private func addUnknownRoutes(to router: some RouterMethods<Context>) {
    for prefix in ["/api/2.0", "/ajax-api/2.0", "/api/3.0", "/ajax-api/3.0"] {
      for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete] {
        router.on(RouterPath("\(prefix)/**"), method: method) { _, _ in
          Response(
            status: .notFound, headers: [.contentType: "text/html; charset=utf-8"],
            body: ResponseBody(
              byteBuffer: ByteBuffer(
                string: "<!doctype html><html lang=en><title>404 Not Found</title><h1>Not Found</h1>"
                  + "<p>This server has no such MLflow endpoint.</p></html>\n")))
        }
      }
    }
  }
}
