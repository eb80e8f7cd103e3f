import Logging
import MartletCore
import MartletLedger
import MartletMonitoring
import MartletPipelines
import MartletServing

/// Reads from a ledger entry who is to be told what, as the project's active file says.
///
/// What raises an alert is told when the alert is raised, and not again for each occurrence; an alert that was resolved
/// and comes back is a new one, and is told again.
struct NotificationSource: Sendable {
  let platform: Platform
  let logger: Logger

  /// Entries that can be of interest; all others are passed over.
  static let actions = [
    "alert.raised", "gate.failed", "pipeline.succeeded", "deployment.promoted", "deployment.rolled_back",
  ]

  /// Notifications of an entry, one for each destination; empty when nobody asked for it.
  func notifications(of record: LedgerRecord) async throws -> [(notification: Notification, destination: String)] {
    do {
      guard let notification = try await notification(record) else { return [] }
      let sections = try await platform.projects.active(notification.project).file.notify
      let wanted = Set(sections.filter { $0.events.contains(notification.event) }.map(\.to)).sorted()
      return wanted.map { (notification, $0) }
    } catch let error as MartletError where error.code == .unavailable {
      throw error
    } catch let error as CancellationError {
      throw error
    } catch {
      // The project, the endpoint or the alert is no longer there, or cannot be read: what comes after it still counts.
      logger.warning(
        "nobody is told of a ledger entry", metadata: ["entry": "\(record.id)", "cause": "\(error)"])
      return []
    }
  }

  private func notification(_ record: LedgerRecord) async throws -> Notification? {
    let after = record.entry.after ?? .null
    switch record.entry.action {
    case "alert.raised": return try await alert(record)
    case "gate.failed":
      let gate = after["gate"]?.string ?? "?"
      return try await notification(
        "gate.failed", .error, "the gate '\(gate)' refuses: \(record.entry.reason ?? "it failed")", record)
    case "pipeline.succeeded":
      let number = after["number"]?.integer ?? 0
      return try await notification("run.succeeded", .info, "pipeline run \(number) succeeded", record)
    case "deployment.promoted":
      let version = after["version"]?.string ?? "a version"
      return try await notification("promotion", .info, "\(version) is live", record)
    // Told from the entry that is written with the change itself, by whomever; the alert about it comes after.
    case "deployment.rolled_back":
      let version = after["version"]?.string ?? "a version"
      let reason = "\(version) was rolled back by \(record.author.name): \(record.entry.reason ?? "no reason given")"
      return try await notification("rollback", .error, reason, record)
    default: return nil
    }
  }

  private func alert(_ record: LedgerRecord) async throws -> Notification? {
    let alert = try await platform.alerts.alert(AlertID(Self.name(record.entry.object)))
    if alert.kind == "rollback" { return nil }
    let events = ["data": "data.quarantined", "pipeline": "run.failed"]
    return Notification(
      event: events[alert.kind] ?? alert.kind, project: alert.project, subject: alert.subject,
      severity: alert.severity == .error ? .error : .warn, reason: record.entry.reason ?? alert.reason,
      owner: alert.owner, eventTime: record.time, alert: alert.id, page: "/alerts?all=1#\(alert.id)")
  }

  private func notification(
    _ event: String, _ severity: Notification.Severity, _ reason: String, _ record: LedgerRecord
  )
    async throws -> Notification?
  {
    let object = record.entry.object
    guard let project = try await project(of: record) else { return nil }
    return Notification(
      event: event, project: project, subject: object, severity: severity, reason: reason,
      owner: try await platform.projects.active(project).file.charter?.owner, eventTime: record.time,
      page: Self.page(of: object))
  }

  private func project(of record: LedgerRecord) async throws -> ProjectName? {
    if let name = record.entry.after?["project"]?.string { return ProjectName(name) }
    guard record.entry.object.hasPrefix("endpoint:") else { return nil }
    return try await platform.deployments.endpoint(EndpointName(Self.name(record.entry.object))).definition.project
  }

  /// `x` of `endpoint:x`.
  private static func name(_ object: String) -> String {
    object.split(separator: ":", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
  }

  /// The page that shows a thing; names are such that they need no encoding.
  private static func page(of object: String) -> String {
    let folders = ["endpoint": "endpoints", "pipeline": "pipelines", "run": "runs"]
    let kind = object.split(separator: ":").first.map(String.init) ?? ""
    return folders[kind].map { "/\($0)/\(name(object))" } ?? "/audit"
  }
}
