package import MartletCore
import MartletLedger
package import MartletStore

/// Alerts in the metadata database: raised once, counted when they recur, acknowledged or resolved by people.
package struct AlertStore: Sendable {
  private let database: any Database

  package init(database: any Database) { self.database = database }

  /// Raises an alert, or counts one more occurrence of the alert about the same thing that is not resolved.
  ///
  /// Only a new one is an entry in the ledger, and so only a new one notifies anybody.
  ///
  /// - Parameter key: what makes two alerts the same, such as `flight-delay/endpoint:x/roc_auc < 0.6`.
  package func raise(
    project: ProjectName, subject: String, kind: String, severity: AlertSeverity, owner: String?, reason: String,
    key: String, at time: Timestamp, by author: Author = .martlet
  ) async throws -> Alert {
    try await database.write { connection in
      let open = try connection.first(
        Self.select + " WHERE deduplication_key = ? AND state <> 'resolved'", [.text(key)], Self.alert)
      if var alert = open {
        alert.occurrences += 1
        alert.lastAt = max(alert.lastAt, time)
        alert.reason = reason
        try connection.execute(
          "UPDATE alerts SET occurrences = ?, last_at = ?, reason = ? WHERE id = ?",
          [SQLValue(alert.occurrences), SQLValue(alert.lastAt), .text(reason), SQLValue(alert.id)])
        return alert
      }
      let alert = Alert(
        id: .random(), project: project, subject: subject, kind: kind, severity: severity, owner: owner,
        reason: reason, firstAt: time, lastAt: time)
      try connection.execute(
        """
        INSERT INTO alerts (id, deduplication_key, project, subject, kind, severity, owner, reason, state, occurrences,
        first_at, last_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', 1, ?, ?)
        """,
        [
          SQLValue(alert.id), .text(key), SQLValue(project), .text(subject), .text(kind), .text(severity.rawValue),
          SQLValue(owner), .text(reason), SQLValue(time), SQLValue(time),
        ])
      try Ledger.append(
        LedgerEntry(
          action: "alert.raised", object: "alert:\(alert.id)", before: nil,
          after: ["subject": .string(subject), "kind": .string(kind), "severity": .string(severity.rawValue)],
          reason: reason), by: author, at: time, in: connection)
      return alert
    }
  }

  /// Alerts of a project, about a subject (nil: of all), newest first.
  ///
  /// - Parameter projects: only of these; nil: of all.
  package func alerts(
    project: ProjectName? = nil, among projects: Set<ProjectName>? = nil, about subject: String? = nil,
    openOnly: Bool = false, limit: Int = 500
  ) async throws -> [Alert] {
    var conditions: [String] = []
    var arguments: [SQLValue] = []
    if let project {
      conditions.append("project = ?")
      arguments.append(SQLValue(project))
    }
    if let subject {
      conditions.append("subject = ?")
      arguments.append(.text(subject))
    }
    if let projects {
      let among = SQLFragment.isOneOf("project", projects.map(\.text).sorted(), in: database.dialect)
      conditions.append(among.sql)
      arguments += among.arguments
    }
    if openOnly { conditions.append("state = 'open'") }
    let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
    let statement = Self.select + filter + " ORDER BY last_at DESC, id LIMIT ?"
    let bound = arguments + [SQLValue(limit)]
    return try await database.read { try $0.rows(statement, bound, Self.alert) }
  }

  /// - Parameter id: the whole id, or the beginning of exactly one, of at least four characters.
  package func alert(_ id: AlertID) async throws -> Alert {
    try await database.read { try Self.find(id, in: $0) }
  }

  private static func find(_ id: AlertID, in connection: any SQLConnection) throws -> Alert {
    if let found = try connection.first(select + " WHERE id = ?", [SQLValue(id)], alert) { return found }
    let isPrefix = id.text.count >= 4 && id.text.allSatisfy(\.isHexDigit)
    let found =
      isPrefix
      ? try connection.rows(
        select + " WHERE id >= ? AND id < ? ORDER BY id LIMIT 2", [SQLValue(id), .text(id.text + "g")], alert) : []
    guard let only = found.first else {
      throw MartletError.notFound(
        "there is no alert '\(id.text.prefix(64))'", fix: "martlet alert list --all shows the alerts")
    }
    guard found.count == 1 else {
      throw MartletError(
        .conflict, "several alerts begin with '\(id)'", cause: found.map(\.id.text).joined(separator: ", ") + ", …",
        fix: "give more of the id")
    }
    return only
  }

  /// Marks an alert as seen (`acknowledged`) or done with (`resolved`); the same state again changes nothing.
  ///
  /// - Throws: a conflict for acknowledging what is resolved.
  package func move(_ id: AlertID, to state: Alert.State, reason: String?, by author: Author, at time: Timestamp)
    async throws -> Alert
  {
    try await database.write { connection in
      var alert = try Self.find(id, in: connection)
      guard alert.state != state else { return alert }
      guard alert.state != .resolved else {
        throw MartletError(
          .conflict, "the alert '\(alert.id)' is resolved and cannot be \(state.rawValue)",
          fix: "when it happens again, there is a new one")
      }
      let before = alert.state
      alert.state = state
      if state == .acknowledged { alert.acknowledgedBy = author.name }
      try connection.execute(
        "UPDATE alerts SET state = ?, acknowledged_by = ? WHERE id = ?",
        [.text(state.rawValue), SQLValue(alert.acknowledgedBy), SQLValue(alert.id)])
      try Ledger.append(
        LedgerEntry(
          action: "alert.\(state.rawValue)", object: "alert:\(alert.id)", before: ["state": .string(before.rawValue)],
          after: ["state": .string(state.rawValue)], reason: reason), by: author, at: time, in: connection)
      return alert
    }
  }

  private static let select = """
    SELECT id, project, subject, kind, severity, owner, reason, state, occurrences, first_at, last_at, acknowledged_by
    FROM alerts
    """

  private static func alert(_ row: SQLRow) throws -> Alert {
    Alert(
      id: try row.identifier(0), project: try row.identifier(1), subject: try row.text(2), kind: try row.text(3),
      severity: AlertSeverity(rawValue: try row.text(4)) ?? .error, owner: try row.optionalText(5),
      reason: try row.text(6), state: Alert.State(rawValue: try row.text(7)) ?? .open, occurrences: try row.int(8),
      firstAt: try row.time(9), lastAt: try row.time(10), acknowledgedBy: try row.optionalText(11))
  }
}
