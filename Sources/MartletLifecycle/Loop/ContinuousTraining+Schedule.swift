import MartletCore
import MartletLedger
import MartletPipelines

/// Schedules: what fires starts a run; of firings that were missed, the latest one does, and the ledger says so.
extension ContinuousTraining {
  /// Up to when a schedule's firings have been dealt with, kept in the database: a server that was away for a while
  /// knows what it missed.
  private struct Dealt: Codable {
    var upTo: Timestamp
    /// By which clock: a replay's, or the wall's.
    var isDriven: Bool
  }

  /// Deals with schedules that fired since they were last looked at, and by `now`; says in words what came of it.
  ///
  /// - Parameter from: the project's time before; nil at the first look.
  func considerSchedules(_ version: ProjectVersion, from: Timestamp?, to now: Timestamp, waits: Bool) async throws
    -> [String]
  {
    var events: [String] = []
    for trigger in version.file.triggers {
      guard case .cron(let schedule) = trigger else { continue }
      let since = try await dealtWith(trigger.name, version.project, from: from, to: now, waits: waits)
      guard let firings = try schedule.firings(after: since, by: now) else { continue }
      // The latest firing waits for a release under way, as it would for a run.
      if version.file.limits.overlap == .queueLatest, try await isReleasing(version) { continue }
      let due = DueSchedule(trigger: trigger.name, firings: firings, now: now, isDriven: waits)
      let outcome = try await start(due, version, waits: waits)
      try await keep(
        Dealt(upTo: firings.latest, isDriven: waits), trigger.name, version.project, entry: due.entry(version, outcome),
        at: now)
      events.append(outcome.words(due))
    }
    return events
  }

  private func dealtWith(
    _ trigger: String, _ project: ProjectName, from: Timestamp?, to now: Timestamp, waits: Bool
  ) async throws -> Timestamp {
    let kept = try await TriggerStateStore(database: platform.database).state(project, trigger: trigger)?
      .decode(Dealt.self)
    if let kept, kept.isDriven == waits, kept.upTo <= now { return kept.upTo }
    // A new schedule, or another clock: what would have been before is not made up for.
    let begin = kept == nil ? (from ?? now) : now
    try await keep(Dealt(upTo: begin, isDriven: waits), trigger, project, at: now)
    return begin
  }

  private func keep(
    _ dealt: Dealt, _ trigger: String, _ project: ProjectName, entry: LedgerEntry? = nil, at now: Timestamp
  ) async throws {
    try await TriggerStateStore(database: platform.database).set(
      try JSON(encoding: dealt), project: project, trigger: trigger, entry: entry, at: now)
  }

  private func start(_ due: DueSchedule, _ version: ProjectVersion, waits: Bool) async throws -> DueSchedule.Outcome {
    if try await isReleasing(version) { return .skipped("a version is still on its way") }
    // A server that died right after the start of the run, and before that was written down, does not start another.
    let recent = try await platform.pipelineRuns.runs(version.project, limit: 20).items
    if let same = recent.first(where: { $0.trigger == due.trigger && $0.eventTime >= due.firings.latest }) {
      return .started(same)
    }
    do {
      let admission = try await runner.start(
        PipelineRunRequest(project: version.project, trigger: due.trigger, reason: due.reason, author: .martlet))
      switch admission {
      case .started(let run):
        if waits { _ = try await runner.wait(run.id) }
        return .started(run)
      case .queued(let run, let reason): return .queued(run, reason)
      case .dropped(let reason): return .skipped(reason)
      }
    } catch let error as MartletError where error.code == .invalidInput {
      return .skipped(error.message)
    }
  }
}

/// Firings of one schedule that are dealt with together.
private struct DueSchedule {
  var trigger: String
  var firings: CronSchedule.Firings
  var now: Timestamp
  var isDriven: Bool

  enum Outcome {
    case started(PipelineRun)
    case queued(PipelineRun, String)
    case skipped(String)
  }

  /// More than a minute after the firing, by the wall clock: nobody was there.
  private var isLate: Bool { !isDriven && now - firings.latest > .seconds(60) }

  var reason: String {
    let missed = firings.count - 1
    var text = "scheduled for \(firings.latest)"
    if isLate { text += ", late: nobody was there to start it" }
    if missed > 0 {
      let count = firings.count >= 1000 ? "999 or more" : String(missed)
      text +=
        "; \(count) earlier firing\(missed == 1 ? "" : "s") since \(firings.first) \(missed == 1 ? "was" : "were") missed and get no run"
    }
    return text
  }

  /// What the ledger is told: nothing of a firing that started a run on time.
  func entry(_ version: ProjectVersion, _ outcome: Outcome) -> LedgerEntry? {
    var action = "schedule.caught_up"
    var after: [String: JSON] = [
      "project": .string(version.project.text), "due": .string(firings.latest.description),
      "first": .string(firings.first.description), "firings": .integer(Int64(firings.count)),
    ]
    var words = reason
    switch outcome {
    case .started(let run), .queued(let run, _):
      guard isLate || firings.count > 1 else { return nil }
      after["pipeline_run"] = .string(run.id.text)
    case .skipped(let why):
      action = "schedule.skipped"
      words += "; no run was started: \(why)"
    }
    return LedgerEntry(
      action: action, object: "trigger:\(version.project)/\(trigger)", before: nil, after: .object(after), reason: words
    )
  }
}

extension DueSchedule.Outcome {
  fileprivate func words(_ due: DueSchedule) -> String {
    switch self {
    case .started(let run): "pipeline run \(run.number) started by \(due.trigger): \(due.reason)"
    case .queued(let run, let why): "pipeline run \(run.number) of \(due.trigger) waits: \(why)"
    case .skipped(let why): "\(due.trigger) started no run: \(why); \(due.reason)"
    }
  }
}
