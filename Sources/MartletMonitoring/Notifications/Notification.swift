package import MartletCore

/// Something that people asked to be told of: one event, told once to each destination that is named for it.
package struct Notification: Sendable, Hashable, Codable {
  package enum Severity: String, Sendable, Hashable, Codable {
    case info
    case warn
    case error
  }

  /// `run.failed`, `data.quarantined`, `drift`, …: what a project file's `notify` lists.
  package var event: String
  package var project: ProjectName
  /// What it is about, as the ledger names things.
  package var subject: String
  package var severity: Severity
  package var reason: String
  package var owner: String?
  /// The project's own time.
  package var eventTime: Timestamp
  package var alert: AlertID?
  /// The path of the page that shows it, such as `/endpoints/flight-delay`.
  package var page: String
  /// The whole body, where an outsider dictates its shape; nil: what `body(base:)` writes.
  package var payload: JSON?

  package init(
    event: String, project: ProjectName, subject: String, severity: Severity, reason: String, owner: String? = nil,
    eventTime: Timestamp, alert: AlertID? = nil, page: String, payload: JSON? = nil
  ) {
    self.event = event
    self.project = project
    self.subject = subject
    self.severity = severity
    self.reason = reason
    self.owner = owner
    self.eventTime = eventTime
    self.alert = alert
    self.page = page
    self.payload = payload
  }

  /// What a webhook receives. `text` is the whole story in one line, which Slack-compatible receivers show as it is.
  ///
  /// - Parameter base: the server's address, such as `http://127.0.0.1:5000`.
  package func body(base: String) -> JSON {
    if let payload { return payload }
    let link = base + page
    var members: [String: JSON] = [
      "event": .string(event), "project": .string(project.text), "subject": .string(subject),
      "severity": .string(severity.rawValue), "reason": .string(reason),
      "event_time": .string(eventTime.description), "link": .string(link),
      "text": .string("\(project) · \(event) (\(severity.rawValue)): \(reason) \(link)"),
    ]
    members["owner"] = owner.map(JSON.string)
    members["alert_id"] = alert.map { .string($0.text) }
    return .object(members)
  }
}
