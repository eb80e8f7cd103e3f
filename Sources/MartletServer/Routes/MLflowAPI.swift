import Hummingbird
import MartletLifecycle
import MartletMLflow

/// MLflow's REST interface beside the native one, for MLflow's own clients.
func addMLflowAPI(to router: Router<ServerContext>, _ plane: ControlPlane) {
  let platform = plane.platform
  let sender = platform.webhookSender
  MLflowRoutes<ServerContext>(
    tracker: platform.tracker, registry: platform.registry,
    webhooks: WebhookService(registry: platform.webhooks, test: { try await sender.test($0, $1) }),
    artifacts: platform.artifacts, control: plane.ownerships.control,
    isProject: { try await plane.ownerships.isProject($0) }, clock: plane.clock
  ) { _, context in try context.caller }.addRoutes(to: router)
}
