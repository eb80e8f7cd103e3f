package import MartletCore
package import MartletStore

/// What became of a predicted event.
package struct Outcome: Sendable, Hashable, Codable {
  /// The prediction's id.
  package var id: String
  package var value: Double
  /// When the outcome became known.
  package var at: Timestamp

  package init(id: String, value: Double, at: Timestamp) {
    self.id = id
    self.value = value
    self.at = at
  }
}

/// What became of a batch of outcomes, or of all of an endpoint's.
package struct OutcomeCounts: Sendable, Hashable, Codable {
  /// New ones.
  package var accepted = 0
  /// The same value for an id that had it.
  package var repeated = 0
  /// Another value for an id that had one; the former is kept as a correction.
  package var corrected = 0
  /// Known only after the windows that would have used them were judged.
  package var late = 0

  package init() {}
}

/// The true outcomes of predictions, durable when acknowledged. Giving the same outcome again changes nothing.
package struct OutcomeLog: Sendable {
  private let database: any Database

  package static let batchLimit = 10_000

  package init(database: any Database) { self.database = database }

  /// Stores a batch as a whole.
  ///
  /// - Parameter judgedUntil: outcomes of before this time are late: their windows have been judged.
  package func record(
    _ outcomes: [Outcome], for endpoint: EndpointName, at received: Timestamp, judgedUntil: Timestamp? = nil
  ) async throws -> OutcomeCounts {
    try Self.validate(outcomes)
    return try await database.write { connection in
      var counts = OutcomeCounts()
      for outcome in outcomes {
        try Self.record(outcome, endpoint, received, connection, &counts)
        if let judgedUntil, outcome.at < judgedUntil { counts.late += 1 }
      }
      try Self.add(counts, endpoint, connection)
      return counts
    }
  }

  private static func validate(_ outcomes: [Outcome]) throws {
    guard outcomes.count <= batchLimit else {
      throw MartletError(
        .payloadTooLarge, "the batch has \(outcomes.count) outcomes; at most \(batchLimit) are taken at once",
        fix: "send the rest in another batch")
    }
    for (position, outcome) in outcomes.enumerated() {
      guard !outcome.id.isEmpty, outcome.id.utf8.count <= 500 else {
        throw MartletError.invalidInput("outcome \(position) has no id, or one longer than 500 bytes")
      }
      guard outcome.value.isFinite else {
        throw MartletError.invalidInput("outcome \(position) has a value that is not a finite number")
      }
    }
  }

  private static func record(
    _ outcome: Outcome, _ endpoint: EndpointName, _ received: Timestamp, _ connection: any SQLConnection,
    _ counts: inout OutcomeCounts
  ) throws {
    let inserted = try connection.execute(
      """
      INSERT INTO outcomes (endpoint, id, value, at, received_at) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (endpoint, id) DO NOTHING
      """,
      [
        SQLValue(endpoint), .text(outcome.id), .real(outcome.value), SQLValue(outcome.at), SQLValue(received),
      ])
    if inserted > 0 {
      counts.accepted += 1
      return
    }
    let former = try connection.first(
      "SELECT value, at FROM outcomes WHERE endpoint = ? AND id = ?", [SQLValue(endpoint), .text(outcome.id)]
    ) { (try $0.real(0), try $0.time(1)) }
    guard let former, former.0 != outcome.value else {
      counts.repeated += 1
      return
    }
    try correct(outcome, former, endpoint, received, connection)
    counts.corrected += 1
  }

  private static func correct(
    _ outcome: Outcome, _ former: (value: Double, at: Timestamp), _ endpoint: EndpointName, _ received: Timestamp,
    _ connection: any SQLConnection
  ) throws {
    try connection.execute(
      "INSERT INTO outcome_corrections (endpoint, id, value, at, replaced_at) VALUES (?, ?, ?, ?, ?)",
      [SQLValue(endpoint), .text(outcome.id), .real(former.value), SQLValue(former.at), SQLValue(received)])
    try connection.execute(
      "UPDATE outcomes SET value = ?, at = ?, received_at = ? WHERE endpoint = ? AND id = ?",
      [.real(outcome.value), SQLValue(outcome.at), SQLValue(received), SQLValue(endpoint), .text(outcome.id)])
  }

  private static func add(_ counts: OutcomeCounts, _ endpoint: EndpointName, _ connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO outcome_counts (endpoint, accepted, repeated, corrected, late) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (endpoint) DO UPDATE SET accepted = outcome_counts.accepted + excluded.accepted,
        repeated = outcome_counts.repeated + excluded.repeated,
        corrected = outcome_counts.corrected + excluded.corrected, late = outcome_counts.late + excluded.late
      """,
      [SQLValue(endpoint)] + [counts.accepted, counts.repeated, counts.corrected, counts.late].map { SQLValue($0) })
  }

  /// All batches of an endpoint together.
  package func counts(of endpoint: EndpointName) async throws -> OutcomeCounts {
    try await database.read { connection in
      try connection.first(
        "SELECT accepted, repeated, corrected, late FROM outcome_counts WHERE endpoint = ?", [SQLValue(endpoint)]
      ) { row in
        var counts = OutcomeCounts()
        (counts.accepted, counts.repeated) = (try row.int(0), try row.int(1))
        (counts.corrected, counts.late) = (try row.int(2), try row.int(3))
        return counts
      } ?? OutcomeCounts()
    }
  }

  /// The outcomes that became known from `start` to before `end`, as lines of JSON: `{"id", "value", "at"}`, times in
  /// milliseconds. For jobs, which never open the database.
  package func lines(of endpoint: EndpointName, from start: Timestamp, to end: Timestamp) async throws -> [UInt8] {
    // Nobody waits who could ask for less: a window has what it has.
    try await database.read(within: nil) { connection in
      var output: [UInt8] = []
      try connection.forEachRow(
        "SELECT id, value, at FROM outcomes WHERE endpoint = ? AND at >= ? AND at < ? ORDER BY at, id",
        [SQLValue(endpoint), SQLValue(start), SQLValue(end)]
      ) { row in
        output.append(contentsOf: "{\"id\":".utf8)
        JSON.write(try row.text(0), into: &output)
        output.append(contentsOf: ",\"value\":\(try row.real(1)),\"at\":\(try row.integer(2))}\n".utf8)
        return true
      }
      return output
    }
  }
}
