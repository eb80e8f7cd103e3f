import MartletCore
import MartletStore

/// The SQL of runs themselves; what is logged to them is in MetricStore, ParamStore and InputStore.
enum RunStore {
  static let columns = """
    r.number, r.run_id, r.experiment_id, r.name, r.user_id, r.status, r.start_time, r.end_time, r.lifecycle, \
    r.artifact_uri
    """

  /// A run's row: its information and the number that the large tables know it by.
  struct Row: Sendable {
    var number: Int64
    var info: RunInfo
  }

  static func get(_ id: RunID, in connection: any SQLConnection) throws -> Row {
    guard let row = try connection.first("SELECT \(columns) FROM runs r WHERE r.run_id = ?", [SQLValue(id)], read)
    else {
      throw MartletError.notFound("Run with id=\(id.text.prefix(80)) not found")
    }
    return row
  }

  /// The run, provided that it is not deleted: nothing is written to a deleted run.
  static func active(_ id: RunID, in connection: any SQLConnection) throws -> Row {
    let row = try get(id, in: connection)
    guard row.info.lifecycle == .active else {
      throw MartletError.invalidInput(
        "The run \(id) must be in the 'active' state. Current state is \(row.info.lifecycle.rawValue).")
    }
    return row
  }

  /// Inserts the run and returns its number.
  static func insert(_ info: RunInfo, in connection: any SQLConnection) throws -> Int64 {
    let number = try connection.first(
      """
      INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, end_time, lifecycle, artifact_uri)
      VALUES (?, ?, ?, ?, ?, ?, NULL, 'active', ?) RETURNING number
      """,
      [
        SQLValue(info.id), .integer(try ExperimentStore.number(of: info.experiment)), .text(info.name),
        .text(info.user), .text(info.status.rawValue), .integer(info.startTime), .text(info.artifactURI),
      ]
    ) { try $0.integer(0) }
    guard let number else { throw MartletError(.internalError, "the new run got no number") }
    return number
  }

  static func update(_ row: Row, in connection: any SQLConnection) throws {
    try connection.execute(
      "UPDATE runs SET name = ?, status = ?, end_time = ? WHERE number = ?",
      [.text(row.info.name), .text(row.info.status.rawValue), SQLValue(row.info.endTime), .integer(row.number)])
  }

  static func move(_ row: Row, to lifecycle: Lifecycle, at now: Timestamp, in connection: any SQLConnection) throws {
    try connection.execute(
      "UPDATE runs SET lifecycle = ?, deleted_time = ? WHERE number = ?",
      [.text(lifecycle.rawValue), lifecycle == .deleted ? SQLValue(now) : .null, .integer(row.number)])
  }

  static func read(_ row: SQLRow) throws -> Row {
    Row(
      number: try row.integer(0),
      info: RunInfo(
        id: try row.identifier(1), experiment: ExperimentID(String(try row.integer(2))), name: try row.text(3),
        user: try row.text(4), status: RunStatus(rawValue: try row.text(5)) ?? .running,
        startTime: try row.integer(6), endTime: try row.optionalInteger(7),
        lifecycle: Lifecycle(rawValue: try row.text(8)) ?? .active, artifactURI: try row.text(9)))
  }

  // MARK: Complete runs

  /// The runs of these rows, in their order, with all that was logged to them.
  static func complete(_ rows: [Row], in connection: any SQLConnection) throws -> [Run] {
    let numbers = rows.map(\.number)
    var runs: [Int64: Run] = [:]
    runs.reserveCapacity(rows.count)
    for row in rows {
      runs[row.number] = Run(
        info: row.info, metrics: [], params: [], tags: [], datasets: [], modelInputs: [], modelOutputs: [])
    }
    try MetricStore.forEachLatest(of: numbers, in: connection) { runs[$0]?.metrics.append($1) }
    try ParamStore.forEachParam(of: numbers, in: connection) { runs[$0]?.params.append($1) }
    try ParamStore.forEachTag(of: numbers, in: connection) { runs[$0]?.tags.append($1) }
    try InputStore.forEachDataset(of: numbers, in: connection) { runs[$0]?.datasets.append($1) }
    try InputStore.forEachModel(of: numbers, in: connection) { number, direction, link in
      switch direction {
      case .input: runs[number]?.modelInputs.append(link)
      case .output: runs[number]?.modelOutputs.append(link)
      }
    }
    return rows.compactMap { runs[$0.number] }
  }
}
