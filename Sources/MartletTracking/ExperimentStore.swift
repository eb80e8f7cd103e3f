import MartletCore
import MartletStore

/// The SQL of experiments.
enum ExperimentStore {
  private static let columns =
    "e.experiment_id, e.name, e.artifact_location, e.lifecycle, e.creation_time, e.last_update_time"

  /// The number behind an experiment's id; 400 when it is not one.
  static func number(of id: ExperimentID) throws -> Int64 {
    guard let number = Int64(id.text), number >= 0 else {
      throw MartletError.invalidInput(
        "Invalid experiment ID '\(id.text.prefix(80))'. Experiment ID must be a valid integer.")
    }
    return number
  }

  static func get(_ id: ExperimentID, in connection: any SQLConnection) throws -> Experiment {
    try withTags([try withoutTags(id, in: connection)], in: connection)[0]
  }

  private static func withoutTags(_ id: ExperimentID, in connection: any SQLConnection) throws -> Experiment {
    let found = try connection.first(
      "SELECT \(columns) FROM experiments e WHERE e.experiment_id = ?", [.integer(try number(of: id))], read)
    guard let found else { throw MartletError.notFound("No Experiment with id=\(id.text.prefix(80)) exists") }
    return found
  }

  /// The experiment without its tags, provided that it is not deleted: nothing is added to a deleted one.
  static func active(_ id: ExperimentID, in connection: any SQLConnection) throws -> Experiment {
    let experiment = try withoutTags(id, in: connection)
    guard experiment.lifecycle == .active else {
      throw MartletError.invalidInput(
        "The experiment \(id) must be in the 'active' state. Current state is \(experiment.lifecycle.rawValue).")
    }
    return experiment
  }

  static func find(named name: String, in connection: any SQLConnection) throws -> Experiment? {
    let found = try connection.first("SELECT \(columns) FROM experiments e WHERE e.name = ?", [.text(name)], read)
    return try found.map { try withTags([$0], in: connection)[0] }
  }

  /// Inserts it and returns its id; nil when the name is taken.
  static func insert(
    name: String, artifactLocation: String?, at now: Timestamp, in connection: any SQLConnection
  ) throws -> ExperimentID? {
    let number = try connection.first(
      """
      INSERT INTO experiments (name, artifact_location, lifecycle, creation_time, last_update_time)
      VALUES (?, ?, 'active', ?, ?) ON CONFLICT (name) DO NOTHING RETURNING experiment_id
      """, [.text(name), .text(artifactLocation ?? ""), SQLValue(now), SQLValue(now)]
    ) { try $0.integer(0) }
    guard let number else { return nil }
    if artifactLocation == nil {
      try connection.execute(
        "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?",
        [.text("mlflow-artifacts:/\(number)"), .integer(number)])
    }
    return ExperimentID(String(number))
  }

  /// Whether an experiment keeps its artifacts at a location, in a folder of it, or in one above it.
  static func isTaken(_ location: String, in connection: any SQLConnection) throws -> Bool {
    try connection.first(
      """
      SELECT 1 FROM experiments WHERE artifact_location = ?
        OR substr(artifact_location, 1, length(CAST(? AS TEXT))) = ?
        OR substr(CAST(? AS TEXT), 1, length(artifact_location) + 1) = artifact_location || '/'
      LIMIT 1
      """, [.text(location), .text(location + "/"), .text(location + "/"), .text(location)]
    ) { _ in true } ?? false
  }

  /// False when another experiment has that name.
  static func rename(_ id: ExperimentID, to name: String, at now: Timestamp, in connection: any SQLConnection) throws
    -> Bool
  {
    let number = try number(of: id)
    let taken = try connection.first(
      "SELECT 1 FROM experiments WHERE name = ? AND experiment_id <> ?", [.text(name), .integer(number)]
    ) { _ in true }
    if taken == true { return false }
    try connection.execute(
      "UPDATE experiments SET name = ?, last_update_time = ? WHERE experiment_id = ?",
      [.text(name), SQLValue(now), .integer(number)])
    return true
  }

  /// Moves the experiment and its runs to a lifecycle.
  static func move(_ id: ExperimentID, to lifecycle: Lifecycle, at now: Timestamp, in connection: any SQLConnection)
    throws
  {
    let number = SQLValue.integer(try number(of: id))
    try connection.execute(
      "UPDATE experiments SET lifecycle = ?, last_update_time = ? WHERE experiment_id = ?",
      [.text(lifecycle.rawValue), SQLValue(now), number])
    switch lifecycle {
    case .deleted:
      try connection.execute(
        "UPDATE runs SET lifecycle = 'deleted', deleted_time = ? WHERE experiment_id = ? AND lifecycle = 'active'",
        [SQLValue(now), number])
    case .active:
      try connection.execute(
        "UPDATE runs SET lifecycle = 'active', deleted_time = NULL WHERE experiment_id = ?", [number])
    }
  }

  static func setTag(_ tag: KeyValue, on id: ExperimentID, at now: Timestamp, in connection: any SQLConnection) throws {
    let number = SQLValue.integer(try number(of: id))
    try connection.execute(
      """
      INSERT INTO experiment_tags (experiment_id, key, value) VALUES (?, ?, ?)
      ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value
      """, [number, .text(tag.key), .text(tag.value)])
    try connection.execute(
      "UPDATE experiments SET last_update_time = ? WHERE experiment_id = ?", [SQLValue(now), number])
  }

  static func deleteTag(_ key: String, of id: ExperimentID, in connection: any SQLConnection) throws -> Bool {
    try connection.execute(
      "DELETE FROM experiment_tags WHERE experiment_id = ? AND key = ?",
      [.integer(try number(of: id)), .text(key)]) > 0
  }

  // MARK: Search

  static let grammar = FilterGrammar(
    entities: [.attribute, .tag], textAttributes: ["name", "experiment_id"],
    numericAttributes: ["creation_time", "last_update_time"], listAttributes: ["experiment_id"],
    orderAttributes: ["name", "experiment_id", "creation_time", "last_update_time"], nullable: [.tag])

  private static let tagTable = TagTable("experiment_tags", key: "experiment_id", isNumbered: true)

  static func search(
    _ clauses: [FilterClause], orders: [OrderClause], view: LifecycleView, visibility: Visibility, limit: Int,
    offset: Int, in connection: any SQLConnection
  ) throws -> [Experiment] {
    var conditions = try clauses.map { try condition($0, in: connection.dialect) }
    conditions.append(
      SQLFragment(
        "e.lifecycle IN (\(view.lifecycles.map { _ in "?" }.joined(separator: ", ")))",
        view.lifecycles.map { .text($0.rawValue) }))
    conditions += [visibility.condition(on: "e.experiment_id", tagTable, in: connection.dialect)].compactMap(\.self)
    let filter = SQLFragment.joined(conditions, by: " AND ")
    var order = try orders.map { clause in
      guard clause.entity == .attribute else {
        throw MartletError.invalidInput("Invalid order_by entity: \(clause.entity.rawValue)")
      }
      return "e.\(clause.key) \(clause.ascending ? "ASC" : "DESC")"
    }
    if order.isEmpty { order.append("e.creation_time DESC") }
    if !orders.contains(where: { $0.key == "experiment_id" }) {
      order.append(orders.isEmpty ? "e.experiment_id ASC" : "e.experiment_id DESC")
    }
    let found = try connection.rows(
      """
      SELECT \(columns) FROM experiments e WHERE \(filter.sql)
      ORDER BY \(order.joined(separator: ", ")) LIMIT ? OFFSET ?
      """, filter.arguments + [SQLValue(limit), SQLValue(offset)], read)
    return try withTags(found, in: connection)
  }

  /// Those of the numbers whose experiments may be seen.
  static func seen(_ numbers: [Int64], _ visibility: Visibility, in connection: any SQLConnection) throws -> Set<Int64>
  {
    let condition = visibility.condition(on: "e.experiment_id", tagTable, in: connection.dialect)
    let asked = SQLFragment.numbers(numbers, in: connection.dialect)
    let filter = SQLFragment("e.experiment_id IN (\(asked.sql))", asked.arguments).and(condition)
    return Set(
      try connection.rows("SELECT e.experiment_id FROM experiments e WHERE \(filter.sql)", filter.arguments) {
        try $0.integer(0)
      })
  }

  static func activeIDs(_ visibility: Visibility, in connection: any SQLConnection) throws -> [ExperimentID] {
    let condition = visibility.condition(on: "e.experiment_id", tagTable, in: connection.dialect)
    let filter = SQLFragment("e.lifecycle = 'active'").and(condition)
    return try connection.rows(
      "SELECT e.experiment_id FROM experiments e WHERE \(filter.sql) ORDER BY e.experiment_id", filter.arguments
    ) { ExperimentID(String(try $0.integer(0))) }
  }

  private static func condition(_ clause: FilterClause, in dialect: SQLDialect) throws -> SQLFragment {
    switch clause.entity {
    case .tag: return tagCondition(clause, in: dialect)
    default: break
    }
    guard clause.key == "experiment_id" else { return clause.comparing("e.\(clause.key)", in: dialect) }
    switch clause.value {
    case .text(let text) where clause.comparator == .equal || clause.comparator == .notEqual:
      return SQLFragment(
        "e.experiment_id \(clause.comparator.rawValue) ?", [.integer(try number(of: ExperimentID(text)))])
    case .list(let texts):
      return SQLFragment(
        "e.experiment_id \(clause.comparator.rawValue) (\(texts.map { _ in "?" }.joined(separator: ", ")))",
        try texts.map { .integer(try number(of: ExperimentID($0))) })
    default:
      throw MartletError.invalidInput("Invalid comparator for experiment_id: \(clause.comparator.rawValue)")
    }
  }

  private static func tagCondition(_ clause: FilterClause, in dialect: SQLDialect) -> SQLFragment {
    let exists = "EXISTS (SELECT 1 FROM experiment_tags t WHERE t.experiment_id = e.experiment_id AND t.key = ?"
    switch clause.comparator {
    case .isNull: return SQLFragment("NOT \(exists))", [.text(clause.key)])
    case .isNotNull: return SQLFragment("\(exists))", [.text(clause.key)])
    default:
      let comparison = clause.comparing("t.value", in: dialect)
      return SQLFragment("\(exists) AND \(comparison.sql))", [.text(clause.key)] + comparison.arguments)
    }
  }

  // MARK: Rows

  private static func read(_ row: SQLRow) throws -> Experiment {
    Experiment(
      id: ExperimentID(String(try row.integer(0))), name: try row.text(1), artifactLocation: try row.text(2),
      lifecycle: Lifecycle(rawValue: try row.text(3)) ?? .active, creationTime: try row.time(4),
      lastUpdateTime: try row.time(5), tags: [])
  }

  private static let tagsOfExperiments = KeyedQuery(
    "SELECT experiment_id, key, value FROM experiment_tags WHERE experiment_id IN (@)")

  private static func withTags(_ experiments: [Experiment], in connection: any SQLConnection) throws -> [Experiment] {
    var tags: [ExperimentID: [KeyValue]] = [:]
    try tagsOfExperiments.forEachRow(of: experiments.compactMap { Int64($0.id.text) }, in: connection) { row in
      tags[ExperimentID(String(try row.integer(0))), default: []].append(
        KeyValue(try row.text(1), try row.text(2)))
    }
    return experiments.map { experiment in
      var complete = experiment
      complete.tags = (tags[experiment.id] ?? []).sorted { $0.key < $1.key }
      return complete
    }
  }
}
