import MartletCore
import MartletStore

/// The SQL of model versions.
enum VersionStore {
  private static let columns = """
    v.name, v.version, v.source, v.run_id, v.run_link, v.logged_model_id, v.description, v.created_by, v.stage, \
    v.status, v.status_message, v.creation_time, v.last_update_time, v.size, v.checksum, v.signature, \
    v.input_example, v.lineage, v.metrics
    """

  /// The number of the model's next version; numbers of deleted versions are not used again.
  static func nextNumber(of model: ModelName, at now: Timestamp, in connection: any SQLConnection) throws -> Int {
    let number = try connection.first(
      """
      UPDATE registered_models SET last_version = last_version + 1, last_update_time = ? WHERE name = ?
      RETURNING last_version
      """, [SQLValue(now), SQLValue(model)]
    ) { try $0.int(0) }
    guard let number else {
      throw MartletError.notFound("Registered Model with name=\(model.text.prefix(200)) not found")
    }
    return number
  }

  static func insert(_ version: ModelVersion, in connection: any SQLConnection) throws {
    let (name, number) = (SQLValue(version.id.model), SQLValue(version.id.version))
    try connection.execute(
      """
      INSERT INTO model_versions (name, version, source, run_id, run_link, logged_model_id, description, created_by,
        stage, status, status_message, creation_time, last_update_time, size, checksum, signature, input_example,
        lineage, metrics)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        name, number, .text(version.source), SQLValue(version.run), SQLValue(version.runLink),
        SQLValue(version.loggedModelID), SQLValue(version.description), .text(version.createdBy),
        .text(version.stage.rawValue), .text(version.status.rawValue), SQLValue(version.statusMessage),
        SQLValue(version.creationTime), SQLValue(version.lastUpdateTime), .integer(version.size),
        SQLValue(version.checksum?.hex), SQLValue(version.signature?.text), SQLValue(version.inputExample?.text),
        SQLValue(version.lineage), .text(JSON.object(version.metrics.mapValues(JSON.double)).text),
      ])
    for file in version.files {
      try connection.execute(
        "INSERT INTO model_version_files (name, version, path, digest, size) VALUES (?, ?, ?, ?, ?)",
        [name, number, .text(file.path), .text(file.digest.hex), .integer(file.size)])
    }
    for (key, value) in version.tags { try setTag(key, value, on: version.id, in: connection) }
  }

  static func get(_ id: ModelVersionID, in connection: any SQLConnection) throws -> ModelVersion {
    let found = try connection.first(
      "SELECT \(columns) FROM model_versions v WHERE v.name = ? AND v.version = ?",
      [SQLValue(id.model), SQLValue(id.version)], read)
    guard let found else {
      throw MartletError.notFound("Model Version (name=\(id.model.text.prefix(200)), version=\(id.version)) not found")
    }
    return try complete(found, in: connection)
  }

  /// The newest version in each stage, in order of version.
  static func latest(of model: ModelName, in connection: any SQLConnection) throws -> [ModelVersion] {
    let found = try connection.rows(
      """
      SELECT \(columns) FROM model_versions v WHERE v.name = ? AND v.version IN
        (SELECT MAX(w.version) FROM model_versions w WHERE w.name = ? GROUP BY w.stage)
      ORDER BY v.version
      """, [SQLValue(model), SQLValue(model)], read)
    return try found.map { try complete($0, in: connection) }
  }

  static func update(_ version: ModelVersion, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      UPDATE model_versions SET description = ?, stage = ?, status = ?, status_message = ?, last_update_time = ?
      WHERE name = ? AND version = ?
      """,
      [
        SQLValue(version.description), .text(version.stage.rawValue), .text(version.status.rawValue),
        SQLValue(version.statusMessage), SQLValue(version.lastUpdateTime), SQLValue(version.id.model),
        SQLValue(version.id.version),
      ])
  }

  /// Moves every other version in a stage to the archive; returns which.
  static func archiveOthers(
    in stage: ModelStage, than id: ModelVersionID, at now: Timestamp, in connection: any SQLConnection
  ) throws -> [Int] {
    try connection.rows(
      """
      UPDATE model_versions SET stage = ?, last_update_time = ? WHERE name = ? AND version <> ? AND stage = ?
      RETURNING version
      """,
      [
        .text(ModelStage.archived.rawValue), SQLValue(now), SQLValue(id.model), SQLValue(id.version),
        .text(stage.rawValue),
      ]
    ) { try $0.int(0) }
  }

  static func delete(_ id: ModelVersionID, in connection: any SQLConnection) throws {
    for table in ["model_versions", "model_version_files", "model_version_tags", "registered_model_aliases"] {
      try connection.execute(
        "DELETE FROM \(table) WHERE name = ? AND version = ?", [SQLValue(id.model), SQLValue(id.version)])
    }
  }

  static func setTag(_ key: String, _ value: String, on id: ModelVersionID, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO model_version_tags (name, version, key, value) VALUES (?, ?, ?, ?)
      ON CONFLICT (name, version, key) DO UPDATE SET value = excluded.value
      """, [SQLValue(id.model), SQLValue(id.version), .text(key), .text(value)])
  }

  static func deleteTag(_ key: String, of id: ModelVersionID, in connection: any SQLConnection) throws {
    try connection.execute(
      "DELETE FROM model_version_tags WHERE name = ? AND version = ? AND key = ?",
      [SQLValue(id.model), SQLValue(id.version), .text(key)])
  }

  // MARK: Search

  static let grammar = FilterGrammar(
    entities: [.attribute, .tag], textAttributes: ["name", "run_id", "source_path", "logged_model_id"],
    numericAttributes: ["version_number"], listAttributes: ["name", "run_id"],
    orderAttributes: ["name", "version_number", "creation_time", "last_update_time"],
    aliases: [
      "creation_timestamp": "creation_time", "last_updated_timestamp": "last_update_time",
      "timestamp": "last_update_time", "model_id": "logged_model_id", "version": "version_number",
    ])

  private static func column(_ key: String) -> String {
    switch key {
    case "version_number": "v.version"
    case "source_path": "v.source"
    default: "v.\(key)"
    }
  }

  static func search(
    _ clauses: [FilterClause], orders: [OrderClause], visibility: Visibility, limit: Int, offset: Int,
    in connection: any SQLConnection
  ) throws -> [ModelVersion] {
    let tagged = "model_version_tags t WHERE t.name = v.name AND t.version = v.version"
    let asked = PromptFilter.condition(clauses, hasTag: tagged) { clause in
      guard clause.entity == .tag else { return clause.comparing(column(clause.key), in: connection.dialect) }
      let comparison = clause.comparing("t.value", in: connection.dialect)
      return SQLFragment(
        "EXISTS (SELECT 1 FROM \(tagged) AND t.key = ? AND \(comparison.sql))",
        [.text(clause.key)] + comparison.arguments)
    }
    let filter = asked.and(visibility.condition(on: "v.name", ModelStore.tagTable, in: connection.dialect))
    var order = orders.map { "\(column($0.key)) \($0.ascending ? "ASC" : "DESC")" }
    if order.isEmpty { order.append("v.last_update_time DESC") }
    if !orders.contains(where: { $0.key == "name" }) { order.append("v.name ASC") }
    if !orders.contains(where: { $0.key == "version_number" }) { order.append("v.version DESC") }
    let found = try connection.rows(
      """
      SELECT \(columns) FROM model_versions v WHERE \(filter.sql)
      ORDER BY \(order.joined(separator: ", ")) LIMIT ? OFFSET ?
      """, filter.arguments + [SQLValue(limit), SQLValue(offset)], read)
    return try found.map { try complete($0, in: connection) }
  }

  // MARK: Rows

  private static func read(_ row: SQLRow) throws -> ModelVersion {
    ModelVersion(
      id: ModelVersionID(model: try row.identifier(0), version: try row.int(1)), source: try row.text(2),
      run: try row.optionalText(3).map { RunID($0) }, runLink: try row.optionalText(4),
      loggedModelID: try row.optionalText(5), description: try row.optionalText(6), createdBy: try row.text(7),
      stage: ModelStage(rawValue: try row.text(8)) ?? .none,
      status: ModelVersion.Status(rawValue: try row.text(9)) ?? .ready, statusMessage: try row.optionalText(10),
      creationTime: try row.time(11), lastUpdateTime: try row.time(12), tags: [:], aliases: [], files: [],
      size: try row.integer(13), checksum: try row.optionalText(14).flatMap { Digest(hex: $0) },
      signature: try row.optionalText(15).map { try JSON.parse($0) },
      inputExample: try row.optionalText(16).map { try JSON.parse($0) }, lineage: try row.json(17),
      metrics: try row.json(18).object?.compactMapValues(number) ?? [:])
  }

  /// JSON writes NaN and infinities as text.
  private static func number(_ value: JSON) -> Double? { value.double ?? value.string.flatMap(Double.init) }

  private static func complete(_ version: ModelVersion, in connection: any SQLConnection) throws -> ModelVersion {
    var complete = version
    let key = [SQLValue(version.id.model), SQLValue(version.id.version)]
    complete.files = try connection.rows(
      "SELECT path, digest, size FROM model_version_files WHERE name = ? AND version = ? ORDER BY path", key
    ) { row in
      guard let digest = Digest(hex: try row.text(1)) else {
        throw MartletError(.internalError, "a file of \(version.id) has no valid digest")
      }
      return ModelFile(path: try row.text(0), digest: digest, size: try row.integer(2))
    }
    for (name, value) in try connection.rows(
      "SELECT key, value FROM model_version_tags WHERE name = ? AND version = ?", key,
      { (try $0.text(0), try $0.text(1)) })
    {
      complete.tags[name] = value
    }
    complete.aliases = try connection.rows(
      "SELECT alias FROM registered_model_aliases WHERE name = ? AND version = ? ORDER BY alias", key
    ) { try $0.text(0) }
    return complete
  }
}
