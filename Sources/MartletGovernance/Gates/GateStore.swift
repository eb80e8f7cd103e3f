package import MartletCore
import MartletLedger
package import MartletStore

/// A judged gate as it is kept.
package struct GateRecord: Sendable, Hashable, Codable {
  package var id: Int64
  /// What was judged, as the ledger names things: `run:…`, `model:flight-delay@3`, `endpoint:flight-delay`.
  package var subject: String
  package var result: GateResult
  package var author: Author
  package var judgedAt: Timestamp
}

/// Judged gates in the metadata database, each with its ledger entry: nothing passes a gate unseen.
package struct GateStore: Sendable {
  private let database: any Database

  package init(database: any Database) { self.database = database }

  /// Records a result and appends `gate.passed` or `gate.failed` to the ledger, in one transaction.
  package func record(
    _ result: GateResult, on subject: String, of project: ProjectName? = nil, by author: Author, at time: Timestamp
  ) async throws {
    try await database.write { connection in
      try connection.execute(
        "INSERT INTO gate_results (subject, gate, passed, result, author, judged_at) VALUES (?, ?, ?, ?, ?, ?)",
        [
          .text(subject), .text(result.gate), SQLValue(result.passed), SQLValue(try JSON(encoding: result)),
          SQLValue(try JSON(encoding: author)), SQLValue(time),
        ])
      let lines = result.lines.map { line in
        JSON.object([
          "line": .string(line.text), "state": .string(line.state.rawValue), "why": .string(line.explanation),
        ])
      }
      var after: [String: JSON] = ["gate": .string(result.gate), "lines": .array(lines)]
      after["project"] = project.map { .string($0.text) }
      let reason = result.objection
      try Ledger.append(
        LedgerEntry(
          action: result.passed ? "gate.passed" : "gate.failed", object: subject, before: nil,
          after: .object(after), reason: reason), by: author, at: time, in: connection)
    }
  }

  /// Results on one thing, newest first.
  package func records(on subject: String, limit: Int = 100) async throws -> [GateRecord] {
    try await database.read { connection in
      try connection.rows(
        Self.select + " WHERE subject = ? ORDER BY id DESC LIMIT ?", [.text(subject), SQLValue(limit)], Self.record)
    }
  }

  /// The latest results of all, newest first.
  package func latest(limit: Int = 100, failedOnly: Bool = false) async throws -> [GateRecord] {
    let filter = failedOnly ? " WHERE passed = 0" : ""
    return try await database.read { connection in
      try connection.rows(Self.select + filter + " ORDER BY id DESC LIMIT ?", [SQLValue(limit)], Self.record)
    }
  }

  private static let select = "SELECT id, subject, result, author, judged_at FROM gate_results"

  private static func record(_ row: SQLRow) throws -> GateRecord {
    GateRecord(
      id: try row.integer(0), subject: try row.text(1), result: try row.json(2).decode(),
      author: try row.json(3).decode(),
      judgedAt: try row.time(4))
  }
}
