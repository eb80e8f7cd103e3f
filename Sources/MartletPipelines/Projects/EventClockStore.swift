package import MartletCore
import MartletLedger
package import MartletStore

/// Each project's event time: the wall clock's until it is advanced by hand, from then on only what it was advanced to.
package struct EventClockStore: Sendable {
  private let database: any Database
  private let wall: WallClock

  package init(database: any Database, wall: WallClock) {
    self.database = database
    self.wall = wall
  }

  /// The project's time; the wall clock's for a project that has none of its own, or that is not there.
  package func now(_ project: ProjectName) async throws -> Timestamp {
    let stored = try await database.read { try Self.stored(project, in: $0) }
    return (stored ?? nil) ?? wall.now
  }

  /// Whether the project's time is its own, driven by a replay.
  package func isDriven(_ project: ProjectName) async throws -> Bool {
    (try await database.read { try Self.stored(project, in: $0) } ?? nil) != nil
  }

  /// Moves a project's time forward and returns the time before; nil when it had none of its own.
  ///
  /// Time never goes back: an earlier instant is a conflict. The same instant again changes nothing.
  @discardableResult
  package func advance(_ project: ProjectName, to time: Timestamp) async throws -> Timestamp? {
    try await database.write { connection in
      guard let before = try Self.stored(project, in: connection) else {
        throw MartletError.notFound("there is no project '\(project.text.prefix(64))'")
      }
      if let before, time < before {
        throw MartletError(
          .conflict, "the event time of '\(project)' cannot go back to \(time)", cause: "it is \(before)",
          fix: "continue from there, or replay into a new project")
      }
      if before != time {
        try connection.execute(
          "UPDATE projects SET event_time = ? WHERE name = ?", [SQLValue(time), SQLValue(project)])
      }
      return before
    }
  }

  /// Gives the project back to the wall clock.
  package func release(_ project: ProjectName, by author: Author) async throws {
    let now = wall.now
    try await database.write { connection in
      try connection.execute("UPDATE projects SET event_time = NULL WHERE name = ?", [SQLValue(project)])
      try Ledger.append(
        LedgerEntry(
          action: "project.clock.released", object: "project:\(project)", before: nil, after: nil,
          reason: "event time follows the wall clock"), by: author, at: now, in: connection)
    }
  }

  private static func stored(_ project: ProjectName, in connection: any SQLConnection) throws -> Timestamp?? {
    try connection.first("SELECT event_time FROM projects WHERE name = ?", [SQLValue(project)]) {
      try $0.optionalTime(0)
    }
  }
}
