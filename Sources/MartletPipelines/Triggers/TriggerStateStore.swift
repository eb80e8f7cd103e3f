package import MartletCore
package import MartletStore

/// What each trigger remembers between looks: when a schedule was last looked at, how many rows a dataset had.
package struct TriggerStateStore: Sendable {
  private let database: any Database

  package init(database: any Database) { self.database = database }

  package func state(_ project: ProjectName, trigger: String) async throws -> JSON? {
    try await database.read { connection in
      try connection.first(
        "SELECT state FROM trigger_states WHERE project = ? AND trigger_name = ?", [SQLValue(project), .text(trigger)]
      ) { try $0.json(0) }
    }
  }

  package func set(_ state: JSON, project: ProjectName, trigger: String) async throws {
    try await database.write { connection in
      try connection.execute(
        """
        INSERT INTO trigger_states (project, trigger_name, state) VALUES (?, ?, ?)
        ON CONFLICT (project, trigger_name) DO UPDATE SET state = excluded.state
        """, [SQLValue(project), .text(trigger), SQLValue(state)])
    }
  }
}

extension TriggerDefinition {
  /// The latest time at which a schedule came due after `last` and by `now`, so that what was missed fires once. At
  /// most 1,000 due times are walked through in one look.
  package static func due(_ schedule: CronSchedule, after last: Timestamp, by now: Timestamp) throws -> Timestamp? {
    var due: Timestamp?
    var time = last
    for _ in 0..<1000 {
      guard let next = try schedule.next(after: time), next <= now else { break }
      due = next
      time = next
    }
    return due
  }
}
