import MartletCore
import MartletGovernance
import MartletLifecycle
import MartletMonitoring
import MartletServing

/// One endpoint: who answers what share of the traffic, how good the answers were, what drifted, what was deployed.
struct EndpointPage {
  /// Everything that the page shows.
  struct Content {
    var endpoint: DeployedEndpoint
    /// Newest first.
    var deployments: [Deployment]
    /// Newest first.
    var windows: [MonitorWindow]
    /// Nil while the scoring plane does not answer.
    var state: ScoringState.Endpoint?
    var outcomes = OutcomeCounts()
    var gates: [GateRecord] = []
    var openAlerts: [Alert] = []
    var unit: String?
  }

  var name: String
  var state: String
  var address: String
  var alerts: [AlertLine]
  var traffic: String
  var trafficNote: String?
  var sharePicture: String?
  var rollback: RollbackForm?
  var quality: String?
  var qualityWindow: String?
  var windowCount: String
  var quietCount: Int
  var loudCount: Int
  var charts: [String]
  var windows: String
  var drift: String?
  var service: String?
  var gates: [GateCard]
  var history: [HistoryEntry]
  var rules: String

  struct AlertLine {
    var badge: String
    var reason: String
  }

  init(_ content: Content) {
    let endpoint = content.endpoint
    name = endpoint.definition.name.text
    state = Self.state(endpoint).html
    address = "POST /endpoints/\(endpoint.definition.name)/invocations"
    alerts = content.openAlerts.map { AlertLine(badge: $0.severity.badge.html, reason: $0.reason) }
    traffic = TrafficTable(content).table.html
    trafficNote =
      content.state == nil ? "The scoring plane does not answer right now, so its counters are not shown." : nil
    sharePicture = TrafficTable(content).picture
    rollback = RollbackForm(endpoint)
    let judged = content.windows.first { $0.measures.quality != nil }
    quality = judged.flatMap { Self.quality($0, unit: content.unit) }
    qualityWindow = judged.map { "\($0.from.day) to \($0.to.day)" }
    windowCount = grouped(Int64(content.windows.count))
    quietCount = content.windows.count { $0.verdicts.allSatisfy(\.isQuiet) }
    loudCount = content.windows.count - quietCount
    charts = QualityCharts(content).html
    windows = WindowTable(content).table.html
    drift = content.windows.first.flatMap { DriftFigure($0)?.html }
    service = content.windows.first.map { Self.service($0, content.outcomes).html }
    gates = content.gates.prefix(3).map(GateCard.init)
    history = content.deployments.flatMap(HistoryEntry.entries).sorted { $0.at > $1.at }
    rules = Self.rules(endpoint.definition).html
  }

  private static func state(_ endpoint: DeployedEndpoint) -> Badge {
    if endpoint.rollout.champion == nil { return Badge("nothing live yet") }
    return endpoint.rollout.challenger == nil ? Badge("live", .good) : Badge("rolling out", .live)
  }

  private static func quality(_ window: MonitorWindow, unit: String?) -> String? {
    guard let quality = window.measures.quality else { return nil }
    var facts = Facts()
    for key in metricOrder(quality.metrics.keys).prefix(6) {
      guard let value = quality.metrics[key] else { continue }
      let interval = quality.intervals[key].flatMap {
        $0.count == 2 ? "\(metricValue(key, $0[0])) to \(metricValue(key, $0[1]))" : nil
      }
      facts.add(metricName(key, unit: unit), metricValue(key, value), detail: interval)
    }
    facts.add("Rows with outcome", "\(grouped(Int64(quality.labelled))) of \(grouped(Int64(window.measures.rows)))")
    facts.add("Outcome share", percent(quality.positiveShare))
    return facts.html
  }

  private static func service(_ window: MonitorWindow, _ outcomes: OutcomeCounts) -> Facts {
    let service = window.measures.service
    var facts = Facts()
    facts.add("Latency, median", "\(readable(service.latencyP50Milliseconds)) ms")
    facts.add("Latency, 99th percentile", "\(readable(service.latencyP99Milliseconds)) ms")
    facts.add("Answers that were not numbers", grouped(Int64(service.notFinite)))
    facts.add("Model's age", service.modelAgeDays.map { "\(readable(($0 * 10).rounded() / 10)) days" })
    for (view, age) in service.featureAgeSeconds.sorted(by: { $0.key < $1.key }) {
      facts.add("Age of \(view)", readable(.seconds(age)))
    }
    facts.add("Outcomes received", grouped(Int64(outcomes.accepted)))
    facts.add("Corrected, late", "\(grouped(Int64(outcomes.corrected))), \(grouped(Int64(outcomes.late)))")
    return facts
  }

  private static func rules(_ definition: EndpointDefinition) -> Facts {
    var facts = Facts()
    facts.add("Project", definition.project.text)
    facts.add("Strategy", definition.strategy.rawValue)
    facts.add("Traffic", definition.traffic.map(percent).joined(separator: " → "))
    facts.add("Each rung held for", definition.holdRequests > 0 ? counted(definition.holdRequests, "row") : nil)
    facts.add("Rolled back unless", definition.rollback.joined(separator: "; "))
    facts.add("Logged", percent(definition.log.share))
    return facts
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let name: EndpointName = try request.identifier("name")
    let endpoint = try await platform.deployments.endpoint(name)
    let subject = "endpoint:\(name)"
    let content = Content(
      endpoint: endpoint, deployments: try await platform.deployments.deployments(of: name),
      windows: try await platform.monitors.windows(of: name),
      state: try? await platform.scoring.state().endpoints.first { $0.name == name },
      outcomes: try await platform.outcomes.counts(of: name), gates: try await platform.gates.records(on: subject),
      openAlerts: try await platform.alerts.alerts(project: endpoint.definition.project, openOnly: true).filter {
        $0.subject == subject
      },
      unit: await platform.decisionUnit(of: endpoint.definition.project))
    let encoded = ObjectLink.pathEncoded(name.text) ?? ""
    return Page(
      title: name.text, section: .endpoints, crumbs: [Link(label: "Endpoints", link: "/endpoints")],
      template: "endpoint",
      model: EndpointPage(content), refreshSeconds: 3, apiLink: "/api/v1/endpoints/\(encoded)",
      command: "martlet deployment show \(name)")
  }
}
