import HTTPTypes
import MartletAccess
import MartletCore

/// The server itself: is it well, and what is it.
struct ServerRoutes: APIRoutes {
  let plane: ControlPlane

  var routes: [APIRoute] {
    [
      APIRoute(
        .get, "/health", "getHealth", "Whether the server can work, and since when",
        needs: .open, response: .json(Self.health)
      ) { _ in
        .json([
          "status": "ok", "version": .string(plane.configuration.version),
          "started": .string(plane.started.description),
          "uptime_seconds": .double((plane.clock.now - plane.started).inSeconds),
          "resident_bytes": .integer(Int64(ProcessMeasures.residentBytes)),
        ])
      }
    ]
  }

  private static let health = APISchema.named(
    "Health",
    .object(
      [
        "status": .string(oneOf: ["ok"]), "version": .text, "started": .time, "uptime_seconds": .number,
        "resident_bytes": .count,
      ], required: ["status", "version", "started"]))
}
