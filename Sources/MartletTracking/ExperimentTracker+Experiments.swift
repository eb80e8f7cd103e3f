package import MartletCore
package import MartletStore

extension ExperimentTracker {
  /// Creates an experiment.
  ///
  /// - Parameter artifactLocation: where its runs' artifacts go; nil is `mlflow-artifacts:/<id>`. Beside
  ///   `mlflow-artifacts` only the buckets that `artifactRoots` names: the server writes nowhere that a caller chooses.
  /// - Parameter alongside: what else is written in the same transaction.
  /// - Throws: `.alreadyExists` when an experiment, also a deleted one, has the name.
  package func createExperiment(
    named name: String, artifactLocation: String? = nil, tags: [KeyValue] = [], by author: Author,
    alongside: @escaping @Sendable (any SQLConnection, String, Timestamp) throws -> Void = { _, _, _ in }
  ) async throws -> ExperimentID {
    try BatchRules.checkExperimentName(name)
    for tag in tags { try BatchRules.checkExperimentTag(tag) }
    let location = try artifactLocation.flatMap {
      $0.isEmpty ? nil : try ArtifactLocation.allowed($0, below: artifactRoots)
    }
    let now = clock.now
    return try await database.write { connection in
      if let location, try ExperimentStore.isTaken(location, in: connection) {
        throw MartletError.invalidInput(
          "Invalid artifact location '\(location.prefix(120))': another experiment keeps its artifacts there, above or below",
          fix: "leave artifact_location out, or choose another folder")
      }
      let id = try Self.insert(name, at: location, by: author, now, connection)
      for tag in tags { try ExperimentStore.setTag(tag, on: id, at: now, in: connection) }
      try alongside(connection, id.text, now)
      return id
    }
  }

  /// A project's own experiment, which has its name: created where there is none, restored where it was deleted.
  ///
  /// - Parameter claim: asked in the same transaction before an experiment of that name that is not the project's becomes
  ///   it; throws where it is somebody else's.
  package func ensureExperiment(
    of project: ProjectName, by author: Author,
    claim: @escaping @Sendable (any SQLConnection, Experiment) throws -> Void
  ) async throws -> ExperimentID {
    try BatchRules.checkExperimentName(project.text)
    let now = clock.now
    return try await database.write { connection in
      let known = try ExperimentStore.find(named: project.text, in: connection)
      let id = try known?.id ?? Self.insert(project.text, at: nil, by: author, now, connection)
      if let known, known.lifecycle == .deleted { try Self.restore(id, by: author, now, connection) }
      guard known?.tag(ProjectName.tag) != project.text else { return id }
      if let known { try claim(connection, known) }
      try ExperimentStore.setTag(KeyValue(ProjectName.tag, project.text), on: id, at: now, in: connection)
      if known != nil {
        try Self.record(
          "experiment.claimed", "experiment:\(id)", after: ["project": .string(project.text)], by: author, at: now,
          in: connection)
      }
      return id
    }
  }

  /// - Throws: `.alreadyExists` when the name is taken.
  private static func insert(
    _ name: String, at location: String?, by author: Author, _ now: Timestamp, _ connection: any SQLConnection
  ) throws -> ExperimentID {
    guard let id = try ExperimentStore.insert(name: name, artifactLocation: location, at: now, in: connection) else {
      throw MartletError(.alreadyExists, "Experiment(name=\(name)) already exists.")
    }
    try record(
      "experiment.created", "experiment:\(id)", after: ["name": .string(name)], by: author, at: now, in: connection)
    return id
  }

  /// The experiment with an id, else with a name: a name of digits hides no other experiment.
  ///
  /// - Throws: `.notFound`.
  package func experiment(named text: String) async throws -> Experiment {
    if Int64(text) != nil {
      do { return try await experiment(ExperimentID(text)) } catch let error as MartletError
        where error.code == .notFound
      {}
    }
    guard let known = try await findExperiment(named: text) else {
      throw MartletError.notFound(
        "there is no experiment '\(text.prefix(100))'", fix: "martlet experiments list shows them")
    }
    return known
  }

  /// - Throws: `.notFound`, naming the id.
  package func experiment(_ id: ExperimentID) async throws -> Experiment {
    try await database.read { try ExperimentStore.get(id, in: $0) }
  }

  /// Those of the experiments that may be seen, in their order.
  package func experiments(_ ids: [ExperimentID], within visibility: Visibility) async throws -> [ExperimentID] {
    if visibility == .everything { return ids }
    let numbers = Set(ids.compactMap { try? ExperimentStore.number(of: $0) })
    let seen = try await database.read { try ExperimentStore.seen(Array(numbers), visibility, in: $0) }
    return ids.filter { id in Int64(id.text).map(seen.contains) ?? false }
  }

  /// The experiments that keep artifacts at a path or in a folder above it; several where locations overlap.
  package func experiments(holding path: String) async throws -> [ExperimentID] {
    var folders: [String] = []
    for part in path.split(separator: "/") { folders.append((folders.last.map { "\($0)/" } ?? "") + part) }
    let locations = folders.prefix(200).map { SQLValue.text("\(ArtifactLocation.scheme):/\($0)") }
    guard !locations.isEmpty else { return [] }
    let places = locations.map { _ in "?" }.joined(separator: ", ")
    return try await database.read { connection in
      try connection.rows(
        "SELECT experiment_id FROM experiments WHERE artifact_location IN (\(places)) ORDER BY experiment_id", locations
      ) { ExperimentID(String(try $0.integer(0))) }
    }
  }

  package func findExperiment(named name: String) async throws -> Experiment? {
    try await database.read { try ExperimentStore.find(named: name, in: $0) }
  }

  /// - Parameters:
  ///   - filter: MLflow's grammar over name, experiment_id, creation_time, last_update_time and tags.
  ///   - limit: 1 … 50,000
  ///   - visibility: what may be found; the rest is as if it were not there.
  package func searchExperiments(
    filter: String? = nil, view: LifecycleView = .active, orderBy: [String] = [], limit: Int = 1000,
    pageToken: String? = nil, visibility: Visibility = .everything
  ) async throws -> Page<Experiment> {
    try Self.checkLimit(limit, atMost: 50_000)
    let clauses = try ExperimentStore.grammar.parse(filter)
    let orders = try ExperimentStore.grammar.parseOrders(orderBy)
    let offset = try PageToken(pageToken).offset
    let found = try await database.read { connection in
      try ExperimentStore.search(
        clauses, orders: orders, view: view, visibility: visibility, limit: limit + 1, offset: offset, in: connection)
    }
    return Self.page(found, limit: limit, offset: offset)
  }

  /// The ids of all active experiments that may be seen.
  package func experimentIDs(within visibility: Visibility = .everything) async throws -> [ExperimentID] {
    try await database.read { try ExperimentStore.activeIDs(visibility, in: $0) }
  }

  package func renameExperiment(_ id: ExperimentID, to name: String, by author: Author) async throws {
    try BatchRules.checkExperimentName(name)
    let now = clock.now
    try await database.write { connection in
      let experiment = try Self.active(id, in: connection)
      guard try ExperimentStore.rename(id, to: name, at: now, in: connection) else {
        throw MartletError(.alreadyExists, "Experiment(name=\(name)) already exists.")
      }
      try Self.record(
        "experiment.renamed", "experiment:\(id)", before: ["name": .string(experiment.name)],
        after: ["name": .string(name)], by: author, at: now, in: connection)
    }
  }

  /// Deletes an experiment with its runs; both can be restored, and the name stays taken.
  package func deleteExperiment(_ id: ExperimentID, by author: Author) async throws {
    let now = clock.now
    try await database.write { connection in
      guard try ExperimentStore.get(id, in: connection).lifecycle == .active else { throw Self.missing(id) }
      try ExperimentStore.move(id, to: .deleted, at: now, in: connection)
      try Self.record("experiment.deleted", "experiment:\(id)", by: author, at: now, in: connection)
    }
  }

  package func restoreExperiment(_ id: ExperimentID, by author: Author) async throws {
    let now = clock.now
    try await database.write { connection in
      guard try ExperimentStore.get(id, in: connection).lifecycle == .deleted else { throw Self.missing(id) }
      try Self.restore(id, by: author, now, connection)
    }
  }

  private static func restore(
    _ id: ExperimentID, by author: Author, _ now: Timestamp, _ connection: any SQLConnection
  ) throws {
    try ExperimentStore.move(id, to: .active, at: now, in: connection)
    try record("experiment.restored", "experiment:\(id)", by: author, at: now, in: connection)
  }

  package func setExperimentTag(_ tag: KeyValue, on id: ExperimentID) async throws {
    try BatchRules.checkExperimentTag(tag)
    let now = clock.now
    try await database.write { connection in
      _ = try Self.active(id, in: connection)
      try ExperimentStore.setTag(tag, on: id, at: now, in: connection)
    }
  }

  package func deleteExperimentTag(_ key: String, of id: ExperimentID) async throws {
    try await database.write { connection in
      _ = try Self.active(id, in: connection)
      guard try ExperimentStore.deleteTag(key, of: id, in: connection) else {
        throw MartletError.notFound("No tag with name: \(key.prefix(120)) in experiment with id \(id)")
      }
    }
  }

  /// MLflow looks for an experiment to delete among the active ones, and to restore among the deleted ones.
  private static func missing(_ id: ExperimentID) -> MartletError { .notFound("No Experiment with id=\(id) exists") }

  static func active(_ id: ExperimentID, in connection: any SQLConnection) throws -> Experiment {
    try ExperimentStore.active(id, in: connection)
  }

  static func checkLimit(_ limit: Int, atMost most: Int) throws {
    guard limit > 0 else {
      throw MartletError.invalidInput(
        "Invalid value \(limit) for parameter 'max_results' supplied. It must be a positive integer")
    }
    guard limit <= most else {
      throw MartletError.invalidInput(
        "Invalid value \(limit) for parameter 'max_results' supplied. It must be at most \(most)")
    }
  }

  /// A page from what was found with one row more than the page holds.
  static func page<Item: Sendable>(_ found: [Item], limit: Int, offset: Int) -> Page<Item> {
    found.count > limit
      ? Page(Array(found.prefix(limit)), nextToken: PageToken(offset: offset + limit).text) : Page(found)
  }
}
