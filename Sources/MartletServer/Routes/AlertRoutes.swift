import HTTPTypes
import MartletAccess
import MartletCore
import MartletLifecycle
import MartletMonitoring

/// Alerts: what needs somebody.
struct AlertRoutes: APIRoutes {
  let platform: Platform

  private var alerts: AlertStore { platform.alerts }

  var routes: [APIRoute] {
    [
      list, get,
      move("acknowledge", to: .acknowledged, "acknowledgeAlert", "Say that somebody is on it"),
      move("resolve", to: .resolved, "resolveAlert", "Say that it is over; when it happens anew, it is a new alert"),
    ]
  }

  private var list: APIRoute {
    APIRoute(
      .get, "/alerts", "listAlerts", "Alerts, newest first",
      needs: .reading(.somewhere),
      query: [
        APIParameter("all", .boolean, "also those that are acknowledged or resolved"),
        APIParameter("project", .text, "only of this project"),
        APIParameter("limit", .integer(minimum: 1, maximum: 1000), "at most this many, 500 unless told"),
      ], response: .json(.page(of: Self.alert))
    ) { request in
      let found = try await alerts.alerts(
        project: request.text(query: "project").map { ProjectName($0) }, among: request.readableProjects,
        openOnly: !request.flag(query: "all"), limit: Int(request.integer(query: "limit") ?? 500))
      return .items(try found.map { try JSON(snakeCase: $0) })
    }
  }

  private var get: APIRoute {
    APIRoute(
      .get, "/alerts/{alert}", "getAlert", "One alert, by its id or the beginning of it", needs: .reading(.alert),
      response: .json(Self.alert)
    ) { request in
      try .encoding(try await alerts.alert(try request.identifier("alert")))
    }
  }

  private func move(_ verb: String, to state: Alert.State, _ operation: String, _ summary: String) -> APIRoute {
    APIRoute(
      .post, "/alerts/{alert}/\(verb)", operation, summary, needs: .to(.run, .stop, on: .alert),
      body: .optionalJSON(.object(["reason": .text])),
      response: .json(Self.alert)
    ) { request in
      let alert = try await alerts.alert(try request.identifier("alert"))
      return try .encoding(
        try await alerts.move(
          alert.id, to: state, reason: request.json["reason"]?.string, by: request.author,
          at: try await platform.now(of: alert.project)))
    }
  }

  static let alert = APISchema.named(
    "Alert",
    .object(
      [
        "id": .text, "project": .text, "subject": .text, "kind": .text, "severity": .text, "owner": .text,
        "reason": .text, "state": .string(oneOf: ["open", "acknowledged", "resolved"]), "occurrences": .count,
        "first_at": .time, "last_at": .time, "acknowledged_by": .text,
      ],
      required: [
        "id", "project", "subject", "kind", "severity", "reason", "state", "occurrences", "first_at", "last_at",
      ]))
}
