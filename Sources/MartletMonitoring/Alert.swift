package import MartletCore

/// Something a person should look at. The same thing seen again raises the count of the open alert, not a new one.
package struct Alert: Sendable, Hashable, Codable {
  package enum State: String, Sendable, Hashable, Codable {
    case open
    case acknowledged
    case resolved
  }

  package var id: AlertID
  package var project: ProjectName
  /// What it is about, as the ledger names things: `endpoint:flight-delay`, `dataset:flight-delay/flights`.
  package var subject: String
  /// `drift`, `quality`, `service`, `schema`, `data`, `rollback`, `pipeline`.
  package var kind: String
  package var severity: AlertSeverity
  package var owner: String?
  package var reason: String
  package var state: State
  package var occurrences: Int
  /// Event time of the first and of the latest occurrence.
  package var firstAt: Timestamp
  package var lastAt: Timestamp
  package var acknowledgedBy: String?

  package init(
    id: AlertID, project: ProjectName, subject: String, kind: String, severity: AlertSeverity, owner: String?,
    reason: String, state: State = .open, occurrences: Int = 1, firstAt: Timestamp, lastAt: Timestamp,
    acknowledgedBy: String? = nil
  ) {
    self.id = id
    self.project = project
    self.subject = subject
    self.kind = kind
    self.severity = severity
    self.owner = owner
    self.reason = reason
    self.state = state
    self.occurrences = occurrences
    self.firstAt = firstAt
    self.lastAt = lastAt
    self.acknowledgedBy = acknowledgedBy
  }
}
