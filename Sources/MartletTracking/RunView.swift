package import MartletCore
import MartletStore

/// A way to look at an experiment's runs that somebody gave a name: filter, order, columns, grouping.
package struct RunView: Sendable, Hashable {
  package var name: String
  /// What stands after the question mark of the page's address.
  package var query: String
  package var savedBy: String
  package var savedTime: Timestamp

  package static let longestName = 120
  package static let longestQuery = 8000
  /// In one experiment.
  package static let most = 200
}

extension ExperimentTracker {
  /// The saved views of an experiment, in order of name.
  package func views(of experiment: ExperimentID) async throws -> [RunView] {
    let number = try ExperimentStore.number(of: experiment)
    return try await database.read { try RunViewStore.all(of: number, in: $0) }
  }

  /// - Throws: `.notFound`, naming view and experiment.
  package func view(named name: String, of experiment: ExperimentID) async throws -> RunView {
    guard let view = try await views(of: experiment).first(where: { $0.name == name }) else {
      throw Self.missing(view: name, of: experiment)
    }
    return view
  }

  /// Saves a view under a name; one of that name is replaced.
  package func saveView(named name: String, query: String, of experiment: ExperimentID, by author: Author) async throws
    -> RunView
  {
    try RunViewStore.check(name: name, query: query)
    let now = clock.now
    let view = RunView(name: name, query: query, savedBy: author.name, savedTime: now)
    try await database.write { connection in
      let number = try ExperimentStore.number(of: Self.active(experiment, in: connection).id)
      let known = try RunViewStore.all(of: number, in: connection)
      let former = known.first { $0.name == name }
      guard former != nil || known.count < RunView.most else {
        throw MartletError.invalidInput(
          "experiment \(experiment) has \(RunView.most) saved views already", fix: "delete one that nobody uses")
      }
      try RunViewStore.put(view, of: number, in: connection)
      try Self.record(
        "experiment.view.saved", "experiment:\(experiment)",
        before: former.map { ["name": .string(name), "query": .string($0.query)] },
        after: ["name": .string(name), "query": .string(query)], by: author, at: now, in: connection)
    }
    return view
  }

  package func deleteView(named name: String, of experiment: ExperimentID, by author: Author) async throws {
    let number = try ExperimentStore.number(of: experiment)
    let now = clock.now
    try await database.write { connection in
      guard try RunViewStore.delete(name, of: number, in: connection) else {
        throw Self.missing(view: name, of: experiment)
      }
      try Self.record(
        "experiment.view.deleted", "experiment:\(experiment)", before: ["name": .string(name)], by: author, at: now,
        in: connection)
    }
  }

  private static func missing(view name: String, of experiment: ExperimentID) -> MartletError {
    .notFound(
      "experiment \(experiment) has no saved view '\(name.prefix(RunView.longestName))'",
      fix: "martlet runs views list --experiment \(experiment) shows them")
  }
}

/// The SQL of saved views.
enum RunViewStore {
  static func check(name: String, query: String) throws {
    let isPlain = name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    guard !name.allSatisfy(\.isWhitespace), name.count <= RunView.longestName, isPlain else {
      throw MartletError.invalidInput(
        "a view needs a name of 1 to \(RunView.longestName) characters", fix: "name it after what it answers")
    }
    // What a query may hold without being encoded (RFC 3986, section 3.4), so that it can stand in any address.
    let allowed = { (byte: UInt8) in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        || "-._~!$&'()*+,;=:@/?%".utf8.contains(byte)
    }
    guard query.utf8.count <= RunView.longestQuery, query.utf8.allSatisfy(allowed) else {
      throw MartletError.invalidInput(
        "a view's query has at most \(RunView.longestQuery) characters and is percent-encoded",
        fix: "send what stands after the question mark of the page's address")
    }
  }

  static func all(of experiment: Int64, in connection: any SQLConnection) throws -> [RunView] {
    try connection.rows(
      "SELECT name, query, saved_by, saved_time FROM run_views WHERE experiment_id = ? ORDER BY name",
      [.integer(experiment)]
    ) { row in
      RunView(name: try row.text(0), query: try row.text(1), savedBy: try row.text(2), savedTime: try row.time(3))
    }
  }

  static func put(_ view: RunView, of experiment: Int64, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO run_views (experiment_id, name, query, saved_by, saved_time) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (experiment_id, name) DO UPDATE SET query = excluded.query, saved_by = excluded.saved_by,
        saved_time = excluded.saved_time
      """,
      [.integer(experiment), .text(view.name), .text(view.query), .text(view.savedBy), SQLValue(view.savedTime)])
  }

  static func delete(_ name: String, of experiment: Int64, in connection: any SQLConnection) throws -> Bool {
    try connection.execute(
      "DELETE FROM run_views WHERE experiment_id = ? AND name = ?", [.integer(experiment), .text(name)]) > 0
  }
}
