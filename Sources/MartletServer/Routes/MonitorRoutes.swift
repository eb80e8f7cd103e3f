import HTTPTypes
import MartletAccess
import MartletCore
import MartletMonitoring

/// What monitors measured, window by window.
struct MonitorRoutes: APIRoutes {
  let monitors: MonitorStore

  var routes: [APIRoute] {
    [
      APIRoute(
        .get, "/endpoints/{endpoint}/windows", "listMonitorWindows", "An endpoint's windows, newest first",
        needs: .reading(.endpoint),
        query: [APIParameter("limit", .integer(minimum: 1, maximum: 1000), "at most this many, 500 unless told")],
        response: .json(.page(of: Self.window))
      ) { request in
        let windows = try await monitors.windows(
          of: try request.identifier("endpoint"), limit: Int(request.integer(query: "limit") ?? 500))
        return .items(try windows.map(Self.json))
      }
    ]
  }

  /// The window with what a table shows at the top level.
  static func json(_ window: MonitorWindow) throws -> JSON {
    var json = try JSON(snakeCase: window).object ?? [:]
    let findings = window.verdicts.flatMap(\.findings)
    json["phase"] = window.verdicts.last.map { .string($0.phase.rawValue) }
    json["findings"] = .array(findings.map { .string($0.reason) })
    json["quiet"] = .boolean(findings.isEmpty)
    json["predictions"] = .integer(Int64(window.measures.rows))
    json["drifted"] = .integer(Int64(window.measures.columns.count { $0.drifted }))
    json["labelled"] = window.measures.quality.map { .integer(Int64($0.labelled)) }
    json["roc_auc"] = window.measures.quality?.metrics["roc_auc"].map(JSON.double)
    return .object(json)
  }

  private static let window = APISchema.named(
    "MonitorWindow",
    .object(
      [
        "endpoint": .text, "from": .time, "to": .time, "phase": .text, "findings": .array(.text), "quiet": .boolean,
        "predictions": .count, "labelled": .count, "roc_auc": .number, "drifted": .count, "measures": .any,
        "verdicts": .array(.any),
      ],
      required: ["endpoint", "from", "to", "quiet"], open: true))
}
