import Hummingbird
import MartletMLflow
import MartletRegistry
import MartletTracking

/// MLflow's REST interface beside the native one, for MLflow's own clients.
func addMLflowAPI(to router: Router<ServerContext>, _ plane: ControlPlane) {
  MLflowRoutes<ServerContext>(
    tracker: ExperimentTracker(database: plane.database, clock: plane.clock),
    registry: ModelRegistry(database: plane.database, clock: plane.clock), artifacts: plane.artifacts,
    clock: plane.clock
  ) { _, context in context.author }.addRoutes(to: router)
}
