package import MartletCore
import MartletStore

extension PipelineRunStore {
  static func insert(_ step: StepRecord, of run: PipelineRunID, at position: Int, in connection: any SQLConnection)
    throws
  {
    try connection.execute(
      """
      INSERT INTO pipeline_steps (run, name, position, kind, needs, state, attempt, reason, cache_key, outputs,
      started_at, finished_at, fraction, message, error)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        SQLValue(run), .text(step.name), SQLValue(position), .text(step.kind.rawValue),
        SQLValue(try JSON(encoding: step.needs)),
      ]
        + (try values(step)))
  }

  /// The columns that change while a step runs, in the order of the statements above and below.
  private static func values(_ step: StepRecord) throws -> [SQLValue] {
    [
      .text(step.state.rawValue), SQLValue(step.attempt), SQLValue(step.reason), SQLValue(step.cacheKey),
      SQLValue(try JSON(encoding: step.outputs)), SQLValue(step.startedAt), SQLValue(step.finishedAt),
      SQLValue(step.fraction), SQLValue(step.message), SQLValue(try step.failure.map { try JSON(encoding: $0).text }),
    ]
  }

  /// Stores a step's state; with it, for one that succeeded, its outputs for later runs.
  func save(_ step: StepRecord, of run: PipelineRun, caching ingredients: StepIngredients? = nil) async throws {
    let now = wall.now
    try await database.write { connection in
      try connection.execute(
        """
        UPDATE pipeline_steps SET state = ?, attempt = ?, reason = ?, cache_key = ?, outputs = ?, started_at = ?,
        finished_at = ?, fraction = ?, message = ?, error = ? WHERE run = ? AND name = ?
        """, try Self.values(step) + [SQLValue(run.id), .text(step.name)])
      guard let ingredients else { return }
      try StepCache.put(
        step.outputs, of: step.name, ingredients: ingredients, project: run.project, run: run.id, at: now,
        in: connection)
    }
  }

  /// Stores how far a running step is.
  func saveProgress(_ fraction: Double?, _ message: String?, step: String, of run: PipelineRunID) async throws {
    try await database.write { connection in
      try connection.execute(
        "UPDATE pipeline_steps SET fraction = ?, message = ? WHERE run = ? AND name = ? AND state = 'running'",
        [SQLValue(fraction), SQLValue(message), SQLValue(run), .text(step)])
    }
  }

  /// The steps of a run, in the order in which they could run one by one.
  package func steps(of run: PipelineRunID) async throws -> [StepRecord] {
    try await database.read { connection in
      try connection.rows(
        """
        SELECT name, kind, needs, state, attempt, reason, cache_key, outputs, started_at, finished_at, fraction, message,
        error FROM pipeline_steps WHERE run = ? ORDER BY position
        """, [SQLValue(run)], Self.step)
    }
  }

  private static func step(_ row: SQLRow) throws -> StepRecord {
    var step = StepRecord(
      name: try row.text(0), kind: StepKind(rawValue: try row.text(1)) ?? .run, needs: try row.json(2).decode())
    step.state = StepRecord.State(rawValue: try row.text(3)) ?? .failed
    step.attempt = try row.int(4)
    step.reason = try row.optionalText(5)
    step.cacheKey = try row.optionalText(6)
    step.outputs = try row.json(7).decode()
    step.startedAt = try row.optionalTime(8)
    step.finishedAt = try row.optionalTime(9)
    step.fraction = try row.optionalReal(10)
    step.message = try row.optionalText(11)
    step.failure = try row.optionalText(12).map { try JSON.parse($0).decode() }
    return step
  }
}
