import HTTPTypes
import MartletCore
import MartletMonitoring

/// Alerts: what needs somebody.
struct AlertRoutes: APIRoutes {
  let alerts: AlertStore
  let clock: WallClock

  var routes: [APIRoute] {
    [
      list, get,
      move("acknowledge", to: .acknowledged, "acknowledgeAlert", "Say that somebody is on it"),
      move("silence", to: .resolved, "silenceAlert", "Say nothing more about it until it happens anew"),
    ]
  }

  private var list: APIRoute {
    APIRoute(
      .get, "/alerts", "listAlerts", "Alerts, newest first",
      query: [
        APIParameter("all", .boolean, "also those that are over"),
        APIParameter("project", .text, "only of this project"),
        APIParameter("limit", .integer(minimum: 1, maximum: 1000), "at most this many, 500 unless told"),
      ], response: .json(.page(of: Self.alert))
    ) { request in
      let found = try await alerts.alerts(
        project: request.text(query: "project").map { ProjectName($0) }, openOnly: !request.flag(query: "all"),
        limit: Int(request.integer(query: "limit") ?? 500))
      return .items(try found.map { try JSON(encoding: $0) })
    }
  }

  private var get: APIRoute {
    APIRoute(.get, "/alerts/{alert}", "getAlert", "One alert", response: .json(Self.alert)) { request in
      try .encoding(try await alerts.alert(try request.identifier("alert")))
    }
  }

  private func move(_ verb: String, to state: Alert.State, _ operation: String, _ summary: String) -> APIRoute {
    APIRoute(
      .post, "/alerts/{alert}/\(verb)", operation, summary, body: .optionalJSON(.object(["reason": .text])),
      response: .json(Self.alert)
    ) { request in
      try .encoding(
        try await alerts.move(
          try request.identifier("alert"), to: state, reason: request.json["reason"]?.string, by: request.author,
          at: clock.now))
    }
  }

  private static let alert = APISchema.named(
    "Alert",
    .object(
      [
        "id": .text, "project": .text, "subject": .text, "kind": .text, "severity": .text, "owner": .text,
        "reason": .text, "state": .string(oneOf: ["open", "acknowledged", "resolved"]), "occurrences": .count,
        "firstAt": .time, "lastAt": .time, "acknowledgedBy": .text,
      ], required: ["id", "project", "subject", "severity", "state"]))
}
