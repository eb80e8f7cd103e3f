package import Logging
package import MartletCore
import ServiceLifecycle

/// Keeps the scoring plane at what the database says: pushes configurations and online rows, and sends everything
/// again when the plane was away or has forgotten.
///
/// Nothing is lost while the plane is away: configurations are read from the database each time, and a table whose
/// rows could not be delivered is sent whole.
package actor ScoringLink: Service {
  /// Where the plane is now; throws when it is not running.
  package typealias Connect = @Sendable () async throws -> ScoringClient
  /// All rows of an online table.
  package typealias Rows = @Sendable (OnlineTableDefinition) async throws -> [OnlinePatch.Row]

  private let deployments: Deployments
  private let connect: Connect
  private let rows: Rows
  private let logger: Logger
  private let interval: Duration
  /// Sequence numbers of the tables this link has sent.
  private var sequences: [OnlineTableDefinition: Int64] = [:]
  private var nextSequence: Int64
  /// Calls take turns, also across their suspensions.
  private var turn: Task<Void, Never>?
  /// Since when the plane has not followed.
  private var awaySince: ContinuousClock.Instant?
  private var hasWarned = false

  /// `rows` are read when a table has to be sent whole.
  package init(
    deployments: Deployments, connect: @escaping Connect, rows: @escaping Rows, clock: WallClock = .system,
    interval: Duration = .seconds(1), logger: Logger
  ) {
    self.deployments = deployments
    self.connect = connect
    self.rows = rows
    self.interval = interval
    self.logger = logger
    // A number of an earlier control plane's is never met again.
    nextSequence = clock.now.milliseconds
  }

  /// Reconciles again and again until shutdown.
  package func run() async throws {
    try await cancelWhenGracefulShutdown { [self] in
      while !Task.isCancelled {
        do { try await reconcile() } catch { await note(error) }
        try await Task.sleep(for: interval)
      }
    }
  }

  /// A plane that is starting is nothing to speak of; one that stays away is.
  private func note(_ error: any Error) {
    let since = awaySince ?? .now
    awaySince = since
    guard !hasWarned, .now - since > .seconds(10) else { return }
    hasWarned = true
    logger.warning("The scoring plane does not follow; trying on.", metadata: ["cause": "\(error)"])
  }

  /// Brings the plane to the state the database describes; returns the plane's state, with the counters.
  @discardableResult
  package func reconcile() async throws -> ScoringState {
    try await inTurn { link in try await link.reconcileNow() }
  }

  private func reconcileNow() async throws -> ScoringState {
    let client = try await connect()
    var state = try await client.state()
    var wanted = try await deployments.configuration()
    if state.epoch > wanted.epoch {
      try await deployments.outrun(state.epoch)
      wanted = try await deployments.configuration()
    }
    for table in wanted.tables { try await sendIfForgotten(table, state, client) }
    if state.epoch < wanted.epoch {
      try await client.push(wanted)
      state = try await client.state()
    }
    awaySince = nil
    hasWarned = false
    return state
  }

  private func sendIfForgotten(_ table: OnlineTableDefinition, _ state: ScoringState, _ client: ScoringClient)
    async throws
  {
    let there = state.tables.first { $0.name == table.name }?.sequence
    if let sequence = sequences[table], sequence == there { return }
    try await sendWhole(table, client)
  }

  private func sendWhole(_ table: OnlineTableDefinition, _ client: ScoringClient) async throws {
    nextSequence += 1
    let sequence = nextSequence
    sequences[table] = nil
    try await client.push(OnlinePatch(table: table, after: nil, sequence: sequence, rows: try await rows(table)))
    sequences[table] = sequence
  }

  /// Sends changed rows of a table. When that fails, the whole table is sent at the next reconciliation.
  package func send(_ changed: [OnlinePatch.Row], to table: OnlineTableDefinition) async throws {
    guard !changed.isEmpty else { return }
    try await inTurn { link in try await link.sendNow(changed, table) }
  }

  private func sendNow(_ changed: [OnlinePatch.Row], _ table: OnlineTableDefinition) async throws {
    let client = try await connect()
    if sequences[table] == nil { try await sendWhole(table, client) }
    do {
      try await append(changed, table, client)
    } catch let error as MartletError where error.code == .conflict {
      try await sendWhole(table, client)
      try await append(changed, table, client)
    }
  }

  private func append(_ rows: [OnlinePatch.Row], _ table: OnlineTableDefinition, _ client: ScoringClient) async throws {
    guard let before = sequences[table] else { return }
    nextSequence += 1
    let sequence = nextSequence
    sequences[table] = nil
    try await client.push(OnlinePatch(table: table, after: before, sequence: sequence, rows: rows))
    sequences[table] = sequence
  }

  /// The plane's state with its counters; changes nothing.
  package func state() async throws -> ScoringState { try await connect().state() }

  /// Finishes the prediction log's segment; returns all sealed ones.
  package func seal() async throws -> [SealedSegment] { try await connect().seal() }

  /// Runs `body` after all earlier calls have ended.
  private func inTurn<Value: Sendable>(_ body: @escaping @Sendable (isolated ScoringLink) async throws -> Value)
    async throws -> Value
  {
    let before = turn
    let task = Task { () -> Result<Value, any Error> in
      await before?.value
      do { return .success(try await body(self)) } catch { return .failure(error) }
    }
    turn = Task { _ = await task.value }
    return try await task.value.get()
  }
}
