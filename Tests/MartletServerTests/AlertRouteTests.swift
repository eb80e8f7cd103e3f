import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import MartletCore
import MartletLifecycle
import MartletMonitoring
import NIOCore
import Testing

@testable import MartletServer

private let june = Timestamp(year: 2013, month: 6, day: 1)

@Suite("Alerts, windows and notifications over the API") struct AlertRouteTests {
  private static func run(_ body: @escaping @Sendable (Platform, any TestClientProtocol) async throws -> Void)
    async throws
  {
    let plane = try await ControlPlane(configuration: TestServer.configuration(), logger: Logger(label: "test"))
    let application = try await buildApplication(ServerArguments(port: 80), plane: plane)
    try await application.test(.router) { try await body(plane.platform, $0) }
    await plane.close()
  }

  private static func raise(_ platform: Platform) async throws -> Alert {
    try await platform.alerts.raise(
      project: "tiny", subject: "endpoint:tiny", kind: "drift", severity: .warn, owner: "ops", reason: "psi is 0.4",
      key: "k", at: june)
  }

  @Test("An alert is listed, shown, acknowledged and resolved, in snake_case") func lifecycle() async throws {
    try await Self.run { platform, client in
      let alert = try await Self.raise(platform)
      func get(_ path: String) async throws -> JSON {
        try await client.execute(uri: path, method: .get) { try $0.json }
      }
      func post(_ path: String, _ body: String = "{}") async throws -> (Int, JSON) {
        try await client.execute(
          uri: path, method: .post, headers: [.contentType: "application/json"], body: ByteBuffer(string: body)
        ) { (Int($0.status.code), try $0.json) }
      }
      let listed = try await get("/api/v1/alerts")["items"]?.array ?? []
      #expect(listed.count == 1)
      #expect(
        Set(listed[0].object?.keys.map(\.self) ?? []) == [
          "id", "project", "subject", "kind", "severity", "owner", "reason", "state", "occurrences", "first_at",
          "last_at",
        ])
      let path = "/api/v1/alerts/\(alert.id.text.prefix(10))"
      #expect(try await get(path)["id"]?.string == alert.id.text)
      let seen = try await post(path + "/acknowledge", #"{"reason": "on it"}"#)
      #expect(seen.0 == 200 && seen.1["state"] == "acknowledged" && seen.1["acknowledged_by"] != nil)
      #expect(try await get("/api/v1/alerts")["items"]?.array?.isEmpty == true)
      #expect(try await get("/api/v1/alerts?all=true")["items"]?.array?.count == 1)
      #expect(try await post(path + "/resolve").1["state"] == "resolved")
      #expect(try await post(path + "/acknowledge").0 == 409)
      #expect(try await post("/api/v1/alerts/ffff0000/resolve").0 == 404)
    }
  }

  @Test("A window's measures are snake_case, and columns keep their names") func windows() async throws {
    try await Self.run { platform, client in
      let measures = WindowMeasures(
        rows: 9, rowsByVersion: ["flightDelay@1": 9],
        columns: [
          ColumnDrift(
            column: "depDelay", psi: 0.3, test: "wasserstein", statistic: 0.5, threshold: 0.1, missingShare: 0,
            referenceMissingShare: 0)
        ], prediction: nil,
        service: ServiceMeasures(
          latencyP50Milliseconds: 1, latencyP99Milliseconds: 2, notFinite: 0, featureAgeSeconds: ["originDelays": 3]),
        quality: QualityMeasures(labelled: 8, positiveShare: 0.2, metrics: ["roc_auc": 0.7]))
      let verdict = MonitorVerdict(endpoint: "tiny", from: june, to: june + .seconds(60), phase: .inputs, findings: [])
      try await platform.monitors.record(measures, verdict)
      let window = try await client.execute(uri: "/api/v1/endpoints/tiny/windows", method: .get) {
        try $0.json["items"]?.array?.first
      }
      #expect(window?["measures"]?["rows_by_version"] == ["flightDelay@1": 9])
      #expect(window?["measures"]?["service"]?["latency_p99_milliseconds"] == 2)
      #expect(window?["measures"]?["service"]?["feature_age_seconds"] == ["originDelays": 3])
      #expect(window?["measures"]?["columns"]?.array?.first?["reference_missing_share"] == 0)
      #expect(window?["measures"]?["quality"]?["positive_share"] == 0.2)
      #expect(window?["predictions"] == 9 && window?["drifted"] == 1 && window?["labelled"] == 8)
      #expect(window?["roc_auc"] == 0.7)
    }
  }

  @Test("Notifications are listed, narrowed, and sent again when they were given up") func notifications() async throws
  {
    try await Self.run { platform, client in
      let alert = try await Self.raise(platform)
      let notification = Notification(
        event: "drift", project: "tiny", subject: "endpoint:tiny", severity: .warn, reason: "psi is 0.4",
        eventTime: june, alert: alert.id, page: "/alerts")
      try await platform.notifications.add([(notification, "webhook:secret:oncall")], from: 0, to: 1, at: june)
      let id = try #require(try await platform.notifications.deliveries().first?.id)
      try await platform.notifications.record(.refused(problem: "not public"), of: id, at: june, chance: 0)
      func get(_ path: String) async throws -> JSON {
        try await client.execute(uri: path, method: .get) { try $0.json }
      }
      let listed = try await get("/api/v1/notifications?alert=\(alert.id)&state=refused")["items"]?.array ?? []
      #expect(listed.count == 1 && listed[0]["problem"] == "not public" && listed[0]["attempts"] == 1)
      #expect(listed[0]["alert_id"]?.string == alert.id.text && listed[0]["next_attempt"] == nil)
      #expect(try await get("/api/v1/notifications?state=delivered")["items"]?.array?.isEmpty == true)
      #expect(try await get("/api/v1/notifications?state=lost")["error"] != nil)
      #expect(try await get("/api/v1/notifications/nothing")["error"]?["code"] == "NOT_FOUND")
      let page = try await client.execute(uri: "/alerts", method: .get) { String(buffer: $0.body) }
      #expect(page.contains("webhook:secret:oncall, refused: not public"))
      for status in [202, 409] {
        try await client.execute(
          uri: "/api/v1/notifications/\(id)/retry", method: .post, headers: [.contentType: "application/json"],
          body: ByteBuffer(string: "{}")
        ) { #expect(Int($0.status.code) == status) }
      }
    }
  }
}
