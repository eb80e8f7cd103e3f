import HTTPTypes
import MartletAccess
import MartletCore
import MartletMonitoring

/// Notifications on their way to those whom a project file names.
struct NotificationRoutes: APIRoutes {
  let outbox: NotificationOutbox
  let clock: WallClock

  var routes: [APIRoute] { [list, get, retry] }

  private var list: APIRoute {
    APIRoute(
      .get, "/notifications", "listNotifications", "Notifications and what came of each, newest first",
      needs: .reading(.somewhere),
      query: [
        APIParameter("project", .text, "only of this project"), APIParameter("alert", .text, "only about this alert"),
        APIParameter("state", Self.state, "only in this state"),
        APIParameter("limit", .integer(minimum: 1, maximum: 1000), "at most this many, 100 unless told"),
      ], response: .json(.page(of: Self.notification))
    ) { request in
      let found = try await outbox.deliveries(
        project: request.text(query: "project").map { ProjectName($0) }, among: request.readableProjects,
        alert: request.text(query: "alert").map { AlertID($0) },
        state: request.text(query: "state").flatMap { .init(rawValue: $0) }, limit: request.limit)
      return .items(found.map(Self.json))
    }
  }

  private var get: APIRoute {
    APIRoute(
      .get, "/notifications/{notification}", "getNotification", "One notification", needs: .reading(.notification),
      response: .json(Self.notification)
    ) { request in
      .json(Self.json(try await outbox.delivery(try request.identifier("notification"))))
    }
  }

  private var retry: APIRoute {
    APIRoute(
      .post, "/notifications/{notification}/retry", "retryNotification",
      "Send one again that was given up or refused", needs: .to(.run, on: .notification),
      body: .optionalJSON(.object([:])),
      response: .accepted(Self.notification)
    ) { request in
      .json(
        Self.json(try await outbox.retry(try request.identifier("notification"), by: request.author, at: clock.now)))
    }
  }

  static func json(_ delivery: NotificationDelivery) -> JSON {
    let notification = delivery.notification
    var json: [String: JSON] = [
      "id": .string(delivery.id.text), "event": .string(notification.event),
      "project": .string(notification.project.text), "subject": .string(notification.subject),
      "severity": .string(notification.severity.rawValue), "reason": .string(notification.reason),
      "event_time": .string(notification.eventTime.description), "destination": .string(delivery.destination),
      "state": .string(delivery.state.rawValue), "attempts": .integer(Int64(delivery.attempts)),
      "created": .string(delivery.createdAt.description),
    ]
    json["owner"] = notification.owner.map(JSON.string)
    json["alert_id"] = notification.alert.map { .string($0.text) }
    json["status"] = delivery.status.map { .integer(Int64($0)) }
    json["problem"] = delivery.problem.map(JSON.string)
    json["delivered"] = delivery.deliveredAt.map { .string($0.description) }
    if delivery.state == .pending { json["next_attempt"] = .string(delivery.nextAt.description) }
    return .object(json)
  }

  private static let state = APISchema.string(oneOf: NotificationDelivery.State.allCases.map(\.rawValue))
  private static let notification = APISchema.named(
    "Notification",
    .object(
      [
        "id": .text, "event": .text, "project": .text, "subject": .text, "severity": .text, "reason": .text,
        "owner": .text, "event_time": .time, "alert_id": .text, "destination": .text, "state": state,
        "attempts": .count, "status": .integer(), "problem": .text, "created": .time, "next_attempt": .time,
        "delivered": .time,
      ], required: ["id", "event", "project", "destination", "state", "attempts", "created"]))
}
