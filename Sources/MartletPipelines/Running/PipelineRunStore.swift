package import MartletCore
import MartletLedger
package import MartletStore

/// Pipeline runs and their steps in the metadata database.
package struct PipelineRunStore: Sendable {
  let database: any Database
  let wall: WallClock

  package init(database: any Database, wall: WallClock = .system) {
    self.database = database
    self.wall = wall
  }

  /// Decides by the project's limits whether a run starts, waits or is dropped, and records it: one transaction.
  func admit(_ run: PipelineRun, steps: [StepRecord], limits: LimitsSection) async throws -> PipelineRunAdmission {
    let now = wall.now
    return try await database.write { connection in
      var run = run
      let history = try Self.history(run.project, limits, before: run.eventTime, in: connection)
      let manual = run.trigger == PipelineRun.manual
      let decision = TriggerPolicy.decide(limits: limits, manual: manual, history: history, now: run.eventTime)
      switch decision {
      case .drop(let reason): return .dropped(reason: reason)
      case .queue(let reason):
        if !manual { try Self.supersede(run.project, by: run.author, at: run.eventTime, wall: now, in: connection) }
        run.state = .queued
        try Self.insert(&run, steps, "pipeline.queued", in: connection)
        return .queued(run, reason: reason)
      case .start:
        run.state = .running
        run.startedAt = now
        try Self.insert(&run, steps, "pipeline.started", in: connection)
        return .started(run)
      }
    }
  }

  /// Starts the run that waits longest, if the project's limits let it.
  func startNext(_ project: ProjectName, limits: LimitsSection, at eventTime: Timestamp) async throws -> PipelineRun? {
    let now = wall.now
    return try await database.write { connection in
      let waiting = try connection.first(
        Self.select + " WHERE project = ? AND state = 'queued' ORDER BY number LIMIT 1", [SQLValue(project)], Self.run)
      guard var run = waiting else { return nil }
      let underWay = try connection.first(
        "SELECT COUNT(*) FROM pipeline_runs WHERE project = ? AND state = 'running'", [SQLValue(project)]
      ) { try $0.int(0) }
      guard (underWay ?? 0) < limits.concurrency else { return nil }
      run.state = .running
      run.startedAt = now
      run.eventTime = eventTime
      try connection.execute(
        "UPDATE pipeline_runs SET state = 'running', started_at = ?, event_time = ? WHERE id = ?",
        [SQLValue(now), SQLValue(eventTime), SQLValue(run.id)])
      try Self.append("pipeline.started", run, in: connection)
      return run
    }
  }

  /// Ends a run.
  func finish(_ run: PipelineRun, _ state: PipelineRun.State, failure: RunFailure?) async throws -> PipelineRun {
    var run = run
    run.state = state
    run.failure = failure
    run.finishedAt = wall.now
    let finished = run
    try await database.write { connection in
      try connection.execute(
        "UPDATE pipeline_runs SET state = ?, finished_at = ?, error = ?, reason = ? WHERE id = ?",
        [
          .text(state.rawValue), SQLValue(finished.finishedAt),
          SQLValue(try failure.map { try JSON(encoding: $0).text }),
          SQLValue(finished.reason), SQLValue(finished.id),
        ])
      try Self.append("pipeline.\(state.rawValue)", finished, in: connection)
    }
    return finished
  }

  // MARK: - Statements

  private static func history(
    _ project: ProjectName, _ limits: LimitsSection, before now: Timestamp, in connection: any SQLConnection
  ) throws -> [TriggerPolicy.Past] {
    let window = max(Timestamp.millisecondsPerDay, limits.cooldownMilliseconds)
    return try connection.rows(
      """
      SELECT event_time, state, trigger_name FROM pipeline_runs
      WHERE project = ? AND started_at IS NOT NULL AND (state = 'running' OR event_time > ?)
      """, [SQLValue(project), SQLValue(now - .milliseconds(window))]
    ) { row in
      TriggerPolicy.Past(
        startedAt: try row.time(0), isUnderWay: try row.text(1) == PipelineRun.State.running.rawValue,
        byTrigger: try row.text(2) != PipelineRun.manual)
    }
  }

  /// Takes runs that triggers have put into the queue out of it: only the latest waits.
  private static func supersede(
    _ project: ProjectName, by author: Author, at time: Timestamp, wall: Timestamp, in connection: any SQLConnection
  ) throws {
    let waiting = try connection.rows(
      select + " WHERE project = ? AND state = 'queued' AND trigger_name <> ?",
      [SQLValue(project), .text(PipelineRun.manual)], Self.run)
    for var run in waiting {
      run.reason = "a newer run took its place in the queue"
      try connection.execute(
        "UPDATE pipeline_runs SET state = 'cancelled', finished_at = ?, reason = ? WHERE id = ?",
        [SQLValue(wall), SQLValue(run.reason), SQLValue(run.id)])
      try connection.execute("UPDATE pipeline_steps SET state = 'cancelled' WHERE run = ?", [SQLValue(run.id)])
      try append("pipeline.superseded", run, in: connection)
    }
  }

  private static func insert(
    _ run: inout PipelineRun, _ steps: [StepRecord], _ action: String, in connection: any SQLConnection
  ) throws {
    let last = try connection.first(
      "SELECT COALESCE(MAX(number), 0) FROM pipeline_runs WHERE project = ?", [SQLValue(run.project)]
    ) { try $0.int(0) }
    run.number = (last ?? 0) + 1
    try connection.execute(
      """
      INSERT INTO pipeline_runs (id, project, number, version, state, trigger_name, reason, params, targets, author,
      event_time, created_at, started_at, finished_at, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)
      """,
      [
        SQLValue(run.id), SQLValue(run.project), SQLValue(run.number), SQLValue(run.version), .text(run.state.rawValue),
        .text(run.trigger), SQLValue(run.reason), SQLValue(JSON.object(run.params)),
        SQLValue(try JSON(encoding: run.targets)), SQLValue(try JSON(encoding: run.author)), SQLValue(run.eventTime),
        SQLValue(run.createdAt), SQLValue(run.startedAt),
      ])
    for (position, step) in steps.enumerated() { try insert(step, of: run.id, at: position, in: connection) }
    try append(action, run, in: connection)
  }

  private static func append(_ action: String, _ run: PipelineRun, in connection: any SQLConnection) throws {
    var after: [String: JSON] = [
      "project": .string(run.project.text), "number": .integer(Int64(run.number)),
      "version": .integer(Int64(run.version)), "trigger": .string(run.trigger),
    ]
    if let failure = run.failure {
      after["error"] = .string(failure.error.message)
      after["step"] = failure.step.map(JSON.string)
    }
    try Ledger.append(
      LedgerEntry(action: action, object: "pipeline:\(run.id)", before: nil, after: .object(after), reason: run.reason),
      by: run.author, at: run.eventTime, in: connection)
  }

  static let select = """
    SELECT id, project, number, version, state, trigger_name, reason, params, targets, author, event_time, created_at,
    started_at, finished_at, error FROM pipeline_runs
    """

  static func run(_ row: SQLRow) throws -> PipelineRun {
    PipelineRun(
      id: try row.identifier(0), project: try row.identifier(1), number: try row.int(2), version: try row.int(3),
      state: PipelineRun.State(rawValue: try row.text(4)) ?? .failed, trigger: try row.text(5),
      reason: try row.optionalText(6), params: try row.json(7).object ?? [:], targets: try row.json(8).decode(),
      author: try row.json(9).decode(), eventTime: try row.time(10), createdAt: try row.time(11),
      startedAt: try row.optionalTime(12), finishedAt: try row.optionalTime(13),
      failure: try row.optionalText(14).map { try JSON.parse($0).decode() })
  }
}
