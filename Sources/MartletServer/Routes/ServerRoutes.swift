import HTTPTypes
import MartletCore

/// The server itself: is it well, and what is it.
struct ServerRoutes: APIRoutes {
  let platform: Platform

  var routes: [APIRoute] {
    [
      APIRoute(
        .get, "/health", "getHealth", "Whether the server can work, and since when",
        response: .json(Self.health)
      ) { _ in
        .json([
          "status": "ok", "version": .string(platform.configuration.version),
          "started": .string(platform.started.description),
          "uptime_seconds": .double((platform.clock.now - platform.started).inSeconds),
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
