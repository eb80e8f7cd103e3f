import MartletCore
import MartletLifecycle
import MartletMonitoring

/// Everything that wants a person's attention, newest first.
struct AlertsPage {
  struct Entry {
    var id: String
    var severity: String
    var subject: String
    var kind: String
    var reason: String
    var facts: String
    var canAcknowledge: Bool
    var state: String

    /// - Parameter told: what came of telling those whom the project file names.
    init(_ alert: Alert, told: [NotificationDelivery]) {
      id = alert.id.text
      severity = alert.severity.badge.html
      subject = Cell.text(ObjectLink.words(alert.subject), link: ObjectLink.page(of: alert.subject)).html
      kind = alert.kind
      reason = alert.reason
      state = alert.state.badge.html
      canAcknowledge = alert.state == .open
      var facts = Facts()
      facts.add("Project", alert.project.text)
      facts.add("Owner", alert.owner)
      facts.add("Seen", alert.occurrences == 1 ? "once" : "\(alert.occurrences) times")
      facts.add("First", time: alert.firstAt)
      if alert.lastAt != alert.firstAt { facts.add("Last", time: alert.lastAt) }
      facts.add("Taken by", alert.acknowledgedBy)
      for delivery in told { facts.add("Told", delivery.words) }
      self.facts = facts.flowing
    }
  }

  var summary: String
  var entries: [Entry]
  var isEmpty: Bool
  var showsAll: Bool

  init(_ alerts: [Alert], told: [NotificationDelivery] = [], showsAll: Bool) {
    let open = alerts.count { $0.state == .open }
    let shown = showsAll ? alerts : alerts.filter { $0.state == .open }
    summary = "\(open) open" + (showsAll ? ", \(alerts.count - open) seen or resolved" : "")
    let byAlert = Dictionary(grouping: told, by: \.notification.alert)
    entries = shown.map { Entry($0, told: byAlert[$0.id] ?? []) }
    isEmpty = entries.isEmpty
    self.showsAll = showsAll
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let model = AlertsPage(
      try await platform.alerts.alerts(among: request.readableProjects),
      told: try await platform.notifications.deliveries(among: request.readableProjects, limit: 1000),
      showsAll: request.text("all") != nil)
    return Page(
      title: "Alerts", section: .alerts, template: "alerts", model: model, refreshSeconds: 5,
      apiLink: model.showsAll ? "/api/v1/alerts?all=true" : "/api/v1/alerts",
      command: model.showsAll ? "martlet alert list --all" : "martlet alert list")
  }

  /// Says that somebody is on it, and leads back to the list.
  static func acknowledge(_ platform: Platform, _ request: PageRequest) async throws -> String {
    let reason = request.form["reason"].flatMap { $0.isEmpty ? nil : String($0.prefix(500)) }
    _ = try await platform.alerts.move(
      try request.identifier("id"), to: .acknowledged, reason: reason, by: request.author, at: platform.clock.now)
    return "/alerts"
  }
}

extension AlertSeverity {
  var badge: Badge { Badge(rawValue, self == .error ? .bad : .warn) }
}

extension Alert.State {
  var badge: Badge {
    switch self {
    case .open: Badge("open", .live)
    case .acknowledged: Badge("acknowledged")
    case .resolved: Badge("resolved", .good)
    }
  }
}

extension NotificationDelivery {
  /// `webhook:secret:oncall, delivered` or `…, not yet: no connection (3 attempts)`.
  fileprivate var words: String {
    let tries = attempts == 1 ? "1 attempt" : "\(attempts) attempts"
    return switch state {
    case .delivered: "\(destination), delivered"
    case .pending where attempts == 0: "\(destination), on its way"
    case .pending: "\(destination), not yet: \(problem ?? "no answer") (\(tries))"
    case .failed: "\(destination), given up: \(problem ?? "no answer") (\(tries))"
    case .refused: "\(destination), refused: \(problem ?? "not allowed")"
    }
  }
}
