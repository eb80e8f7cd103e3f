import MartletCore
import MartletStore

/// The SQL of registered models.
enum ModelStore {
  private static let columns = "m.name, m.description, m.created_by, m.creation_time, m.last_update_time"

  /// False when the name is taken.
  static func insert(
    _ name: ModelName, description: String?, by author: Author, at now: Timestamp, in connection: any SQLConnection
  ) throws -> Bool {
    try connection.execute(
      """
      INSERT INTO registered_models (name, description, created_by, creation_time, last_update_time, last_version)
      VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (name) DO NOTHING
      """,
      [SQLValue(name), SQLValue(description), .text(author.name), SQLValue(now), SQLValue(now)]) > 0
  }

  static func exists(_ name: ModelName, in connection: any SQLConnection) throws -> Bool {
    try connection.first("SELECT 1 FROM registered_models WHERE name = ?", [SQLValue(name)]) { _ in true } ?? false
  }

  static func demand(_ name: ModelName, in connection: any SQLConnection) throws {
    guard try exists(name, in: connection) else {
      throw MartletError.notFound("Registered Model with name=\(name.text.prefix(200)) not found")
    }
  }

  static func get(_ name: ModelName, in connection: any SQLConnection) throws -> RegisteredModel {
    try demand(name, in: connection)
    let found = try connection.first(
      "SELECT \(columns) FROM registered_models m WHERE m.name = ?", [SQLValue(name)], read)
    guard let found else { throw MartletError.notFound("Registered Model with name=\(name) not found") }
    return try complete(found, in: connection)
  }

  /// Whether the model is one of MLflow's prompts; false when there is no such model.
  static func isPrompt(_ name: ModelName, in connection: any SQLConnection) throws -> Bool {
    try tag(PromptFilter.tag, of: name, in: connection)?.lowercased() == "true"
  }

  static func touch(_ name: ModelName, at now: Timestamp, in connection: any SQLConnection) throws {
    try connection.execute(
      "UPDATE registered_models SET last_update_time = ? WHERE name = ?", [SQLValue(now), SQLValue(name)])
  }

  static func describe(_ name: ModelName, as text: String?, at now: Timestamp, in connection: any SQLConnection) throws
  {
    try connection.execute(
      "UPDATE registered_models SET description = ?, last_update_time = ? WHERE name = ?",
      [SQLValue(text), SQLValue(now), SQLValue(name)])
  }

  private static let tables = [
    "registered_models", "registered_model_tags", "registered_model_aliases", "model_versions", "model_version_files",
    "model_version_tags",
  ]

  static func rename(_ name: ModelName, to other: ModelName, at now: Timestamp, in connection: any SQLConnection) throws
  {
    for table in tables {
      try connection.execute("UPDATE \(table) SET name = ? WHERE name = ?", [SQLValue(other), SQLValue(name)])
    }
    try touch(other, at: now, in: connection)
  }

  static func delete(_ name: ModelName, in connection: any SQLConnection) throws {
    for table in tables { try connection.execute("DELETE FROM \(table) WHERE name = ?", [SQLValue(name)]) }
  }

  // MARK: Tags and aliases

  static func tag(_ key: String, of name: ModelName, in connection: any SQLConnection) throws -> String? {
    try connection.first(
      "SELECT value FROM registered_model_tags WHERE name = ? AND key = ?", [SQLValue(name), .text(key)]
    ) { try $0.text(0) }
  }

  static func setTag(_ key: String, _ value: String, on name: ModelName, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO registered_model_tags (name, key, value) VALUES (?, ?, ?)
      ON CONFLICT (name, key) DO UPDATE SET value = excluded.value
      """, [SQLValue(name), .text(key), .text(value)])
  }

  static func deleteTag(_ key: String, of name: ModelName, in connection: any SQLConnection) throws {
    try connection.execute(
      "DELETE FROM registered_model_tags WHERE name = ? AND key = ?", [SQLValue(name), .text(key)])
  }

  static func setAlias(_ alias: String, to id: ModelVersionID, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO registered_model_aliases (name, alias, version) VALUES (?, ?, ?)
      ON CONFLICT (name, alias) DO UPDATE SET version = excluded.version
      """, [SQLValue(id.model), .text(alias), SQLValue(id.version)])
  }

  static func deleteAlias(_ alias: String, of name: ModelName, in connection: any SQLConnection) throws {
    try connection.execute(
      "DELETE FROM registered_model_aliases WHERE name = ? AND alias = ?", [SQLValue(name), .text(alias)])
  }

  static func version(aliased alias: String, of name: ModelName, in connection: any SQLConnection) throws -> Int? {
    try connection.first(
      "SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ?", [SQLValue(name), .text(alias)]
    ) { try $0.int(0) }
  }

  // MARK: Search

  static let grammar = FilterGrammar(
    entities: [.attribute, .tag], textAttributes: ["name"], listAttributes: ["name"],
    orderAttributes: ["name", "creation_time", "last_update_time"],
    aliases: [
      "creation_timestamp": "creation_time", "timestamp": "last_update_time",
      "last_updated_timestamp": "last_update_time",
    ])

  static let tagTable = TagTable("registered_model_tags", key: "name")

  static func search(
    _ clauses: [FilterClause], orders: [OrderClause], visibility: Visibility, limit: Int, offset: Int,
    in connection: any SQLConnection
  ) throws -> [RegisteredModel] {
    let asked = PromptFilter.condition(clauses, hasTag: "registered_model_tags t WHERE t.name = m.name") { clause in
      guard clause.entity == .tag else { return clause.comparing("m.\(clause.key)", in: connection.dialect) }
      let comparison = clause.comparing("t.value", in: connection.dialect)
      return SQLFragment(
        "EXISTS (SELECT 1 FROM registered_model_tags t WHERE t.name = m.name AND t.key = ? AND \(comparison.sql))",
        [.text(clause.key)] + comparison.arguments)
    }
    let filter = asked.and(visibility.condition(on: "m.name", tagTable, in: connection.dialect))
    var order = orders.map { "m.\($0.key) \($0.ascending ? "ASC" : "DESC")" }
    if !orders.contains(where: { $0.key == "name" }) { order.append("m.name ASC") }
    let found = try connection.rows(
      """
      SELECT \(columns) FROM registered_models m WHERE \(filter.sql)
      ORDER BY \(order.joined(separator: ", ")) LIMIT ? OFFSET ?
      """, filter.arguments + [SQLValue(limit), SQLValue(offset)], read)
    return try found.map { try complete($0, in: connection) }
  }

  // MARK: Rows

  private static func read(_ row: SQLRow) throws -> RegisteredModel {
    RegisteredModel(
      name: try row.identifier(0), description: try row.optionalText(1), createdBy: try row.text(2),
      creationTime: try row.time(3), lastUpdateTime: try row.time(4), tags: [:], aliases: [:], latestVersions: [])
  }

  private static func complete(_ model: RegisteredModel, in connection: any SQLConnection) throws -> RegisteredModel {
    var complete = model
    let name = SQLValue(model.name)
    for (key, value) in try connection.rows(
      "SELECT key, value FROM registered_model_tags WHERE name = ?", [name], { (try $0.text(0), try $0.text(1)) })
    {
      complete.tags[key] = value
    }
    for (alias, version) in try connection.rows(
      "SELECT alias, version FROM registered_model_aliases WHERE name = ?", [name], { (try $0.text(0), try $0.int(1)) })
    {
      complete.aliases[alias] = version
    }
    complete.latestVersions = try VersionStore.latest(of: model.name, in: connection)
    return complete
  }
}

/// MLflow keeps prompts among the models, marked by a tag; searches leave them out unless they ask for them.
enum PromptFilter {
  static let tag = "mlflow.prompt.is_prompt"

  /// Whether something with these tags is a prompt.
  static func isPrompt(_ tags: [String: String]) -> Bool { tags[tag]?.lowercased() == "true" }

  /// The clauses as one condition.
  ///
  /// - Parameter hasTag: `<tag table> t WHERE <join>`
  static func condition(
    _ clauses: [FilterClause], hasTag: String, _ condition: (FilterClause) -> SQLFragment
  ) -> SQLFragment {
    let isPrompt = "EXISTS (SELECT 1 FROM \(hasTag) AND t.key = '\(tag)' AND t.value = 'true')"
    var fragments = clauses.map { clause in
      guard clause.entity == .tag, clause.key == tag else { return condition(clause) }
      let asksForPrompts = (clause.comparator == .equal) == (clause.value == .text("true"))
      return SQLFragment(asksForPrompts ? isPrompt : "NOT \(isPrompt)")
    }
    if !clauses.contains(where: { $0.entity == .tag && $0.key == tag }) {
      fragments.append(SQLFragment("NOT \(isPrompt)"))
    }
    return .joined(fragments, by: " AND ")
  }
}
