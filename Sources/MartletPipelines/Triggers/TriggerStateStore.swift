package import MartletCore
package import MartletLedger
package import MartletStore

/// What each trigger remembers between looks: up to when a schedule's firings have been dealt with.
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

  /// - Parameter entry: told to the ledger in the same transaction.
  package func set(
    _ state: JSON, project: ProjectName, trigger: String, entry: LedgerEntry? = nil, at time: Timestamp
  ) async throws {
    try await database.write { connection in
      try connection.execute(
        """
        INSERT INTO trigger_states (project, trigger_name, state) VALUES (?, ?, ?)
        ON CONFLICT (project, trigger_name) DO UPDATE SET state = excluded.state
        """, [SQLValue(project), .text(trigger), SQLValue(state)])
      if let entry { try Ledger.append(entry, by: .martlet, at: time, in: connection) }
    }
  }
}
