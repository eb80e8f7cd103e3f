import MartletAccess
import MartletCore
import MartletData
import MartletLedger
import MartletLifecycle
import MartletMonitoring
import MartletPipelines

/// What is live, how it is doing, and what needs somebody.
struct HomePage {
  /// Everything that the page shows.
  struct Content {
    var projects: [ProjectCard]
    var endpoints: [EndpointSummary]
    /// Open ones, newest first.
    var alerts: [Alert]
    var runs: [PipelineRun]
    var quarantined: [(key: DatasetKey, deliveries: [Delivery])]
    var changes: [LedgerRecord]
  }

  struct ProjectCard {
    var name: String
    var problem: String?
    var owner: String?
    /// Event time of a project that has its own clock.
    var time: String?
    var objectives: [String]

    init(_ project: Project, _ charter: CharterSection?) {
      name = project.name.text
      problem = charter?.problem
      owner = charter?.owner
      time = project.eventTime.map(timeElement)
      objectives = (charter?.objectives ?? []).map { objective in
        let target = objective.keyResult.map { key in
          let from = objective.from.map { "from \(readable($0)) " } ?? ""
          return " (\(key) \(from)to \(objective.target.map(readable) ?? "?"))"
        }
        return objective.objective + (target ?? "")
      }
    }
  }

  struct EndpointCard {
    var name: String
    var link: String
    var verdict: String
    var champion: EndpointSummary.Version?
    var challenger: EndpointSummary.Version?
    var share: String?
    var measures: [EndpointSummary.Measure]
    var window: String?
    var spark: String
    var answered: String
    var windows: String

    init(_ summary: EndpointSummary) {
      name = summary.name
      link = summary.link
      verdict = summary.verdict.html
      champion = summary.champion
      challenger = summary.challenger
      share = summary.challengerShare
      measures = summary.measures
      window = summary.lastWindow
      spark = summary.spark
      answered =
        summary.answered.map { counted($0, "row") + " answered since the traffic last changed" }
        ?? "the scoring plane does not answer"
      windows = "\(counted(summary.windowCount, "window")), \(summary.quietCount) quiet"
    }
  }

  /// One thing that needs somebody.
  struct Need {
    var badge: String
    var subject: String
    var link: String
    var reason: String
    var time: String
  }

  /// One entry of the ledger.
  struct ChangeLine {
    var time: String
    var action: String
    var object: String
    var author: String
    var reason: String?

    init(_ record: LedgerRecord) {
      time = timeElement(record.time)
      action = record.entry.action
      object = Cell.text(ObjectLink.label(record.entry.object), link: ObjectLink.page(of: record.entry.object)).html
      author = record.author.name
      reason = record.entry.reason.map { shortened($0, limit: 220) }
    }
  }

  var isNew: Bool
  var projects: [ProjectCard]
  var endpoints: [EndpointCard]
  var needs: [Need]
  var needCount: String?
  var runs: String?
  var changes: [ChangeLine]

  init(_ content: Content) {
    isNew = content.projects.isEmpty && content.endpoints.isEmpty && content.changes.isEmpty
    projects = content.projects
    endpoints = content.endpoints.map(EndpointCard.init)
    let alerts = content.alerts.filter { alert in !content.quarantined.contains { Self.says(alert, $0) } }
    needs = content.quarantined.flatMap { Self.needs($0.key, $0.deliveries) } + alerts.prefix(20).map(Self.need)
    needCount = needs.isEmpty ? nil : grouped(Int64(needs.count))
    let underWay = content.runs.filter { !$0.state.isOver }
    let shown = underWay + content.runs.filter(\.state.isOver).prefix(max(0, 5 - underWay.count))
    runs = shown.isEmpty ? nil : PipelinesPage.table(shown, empty: "").html
    changes = content.changes.prefix(8).map(ChangeLine.init)
  }

  /// Whether an alert repeats what is shown as held back already.
  private static func says(_ alert: Alert, _ held: (key: DatasetKey, deliveries: [Delivery])) -> Bool {
    alert.kind == "data" && alert.subject == "dataset:\(held.key)"
      && held.deliveries.contains { alert.reason.hasPrefix("partition \($0.partition) of \(held.key) ") }
  }

  private static func need(_ alert: Alert) -> Need {
    Need(
      badge: alert.severity.badge.html, subject: ObjectLink.words(alert.subject),
      link: ObjectLink.page(of: alert.subject) ?? "/alerts#\(alert.id)",
      reason: shortened(alert.reason, limit: 220), time: timeElement(alert.lastAt))
  }

  private static func needs(_ key: DatasetKey, _ deliveries: [Delivery]) -> [Need] {
    deliveries.map { delivery in
      let finding = delivery.findings.first { $0.severity == .error } ?? delivery.findings.first
      return Need(
        badge: Badge("held back", .bad).html, subject: "\(key.name) \(delivery.partition)",
        link: "\(DatasetPage.path(key))#quarantine-\(delivery.partition)", reason: finding?.message ?? "a check failed",
        time: timeElement(delivery.eventTime))
    }
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    var projects: [ProjectCard] = []
    var runs: [PipelineRun] = []
    for project in try await platform.projects.projects() where request.shows(project.name, .overview) {
      let file = project.activeVersion == nil ? nil : try await platform.projects.active(project.name).file
      projects.append(ProjectCard(project, file?.charter))
      runs += try await platform.pipelineRuns.runs(project.name, limit: 10).items
    }
    var quarantined: [(key: DatasetKey, deliveries: [Delivery])] = []
    for record in try await platform.data.datasets() where request.shows(record.key.project) {
      let held = try await platform.data.quarantine(record.key)
      if !held.isEmpty { quarantined.append((record.key, held)) }
    }
    let content = Content(
      projects: projects, endpoints: try await EndpointSummary.all(platform, request),
      alerts: try await platform.alerts.alerts(among: request.readableProjects, openOnly: true),
      runs: runs.sorted { $0.createdAt > $1.createdAt }, quarantined: quarantined,
      changes: try await changes(platform, request))
    return Page(
      title: "Home", section: .home, template: "home", model: HomePage(content), refreshSeconds: 5,
      apiLink: "/api/v1/status",
      command: "martlet status")
  }

  /// The latest that the visitor may see.
  private static func changes(_ platform: Platform, _ request: PageRequest) async throws -> [LedgerRecord] {
    guard let sight = request.sight, !sight.isWhole else { return try await platform.ledger.entries(limit: 12).items }
    return Array(try await sight.entries(try await platform.ledger.entries(limit: 200).items).prefix(12))
  }
}
