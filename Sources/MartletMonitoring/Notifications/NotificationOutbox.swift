package import MartletCore
import MartletLedger
package import MartletStore

/// Notifications on their way, in the metadata database.
///
/// The ledger says what happened; how far it has been read is a row here, moved on in the transaction that adds the
/// deliveries. So every entry is turned into deliveries exactly once, whenever the server is killed.
package struct NotificationOutbox: Sendable {
  private let database: any Database
  private let retry: NotificationRetry

  package init(database: any Database, retry: NotificationRetry = NotificationRetry()) {
    self.database = database
    self.retry = retry
  }

  /// The last sealed ledger entry whose notifications are here.
  package func position() async throws -> Int64 {
    try await database.read { connection in
      try connection.first("SELECT sequence FROM notification_position") { try $0.integer(0) } ?? 0
    }
  }

  /// Adds deliveries and moves on to the ledger entry they come from, in one transaction.
  ///
  /// - Throws: a conflict when somebody else has moved on meanwhile; nothing is added then.
  package func add(
    _ deliveries: [(notification: Notification, destination: String)], from: Int64, to sequence: Int64,
    at time: Timestamp
  ) async throws {
    let rows = try deliveries.map { (NotificationID.random(), try JSON(encoding: $0.notification), $0) }
    try await database.write { connection in
      let moved = try connection.execute(
        "UPDATE notification_position SET sequence = ? WHERE sequence = ?", [SQLValue(sequence), SQLValue(from)])
      guard moved == 1 else {
        throw MartletError(.conflict, "the ledger's entries after \(from) have been read by somebody else")
      }
      for (id, body, delivery) in rows {
        try connection.execute(
          """
          INSERT INTO notification_deliveries (id, project, alert, destination, notification, state, attempts,
          created_at, next_at) VALUES (?, ?, ?, ?, ?, 'pending', 0, ?, ?)
          """,
          [
            SQLValue(id), SQLValue(delivery.notification.project), SQLValue(delivery.notification.alert),
            .text(delivery.destination), SQLValue(body), SQLValue(time), SQLValue(time),
          ])
      }
    }
  }

  // MARK: - Delivering

  /// Destinations for which something is to be sent now.
  package func dueDestinations(at time: Timestamp) async throws -> [String] {
    try await database.read { connection in
      try connection.rows(
        """
        SELECT DISTINCT destination FROM notification_deliveries WHERE state = 'pending' AND next_at <= ?
        ORDER BY destination
        """, [SQLValue(time)]
      ) { try $0.text(0) }
    }
  }

  /// What is to be sent to a destination next: the oldest that is due.
  package func next(to destination: String, at time: Timestamp) async throws -> NotificationDelivery? {
    try await database.read { connection in
      try connection.first(
        Self.select
          + " WHERE state = 'pending' AND destination = ? AND next_at <= ? ORDER BY created_at, id LIMIT 1",
        [.text(destination), SQLValue(time)], Self.delivery)
    }
  }

  /// Writes down what came of an attempt. What is given up or refused goes into the ledger as well.
  ///
  /// - Parameter chance: 0 to 1, for the pause before the next attempt.
  @discardableResult
  package func record(_ attempt: NotificationAttempt, of id: NotificationID, at time: Timestamp, chance: Double)
    async throws -> NotificationDelivery
  {
    try await database.write { [retry] connection in
      var delivery = try Self.find(id, in: connection)
      delivery.take(attempt, at: time, chance: chance, retry)
      try connection.execute(
        """
        UPDATE notification_deliveries SET state = ?, attempts = ?, next_at = ?, delivered_at = ?, status = ?,
        problem = ? WHERE id = ?
        """,
        [
          .text(delivery.state.rawValue), SQLValue(delivery.attempts), SQLValue(delivery.nextAt),
          SQLValue(delivery.deliveredAt), SQLValue(delivery.status.map { Int64($0) }), SQLValue(delivery.problem),
          SQLValue(id),
        ])
      if delivery.state == .failed || delivery.state == .refused {
        try Self.append(
          "notification.\(delivery.state.rawValue)", delivery, delivery.problem, .martlet, time, connection)
      }
      return delivery
    }
  }

  /// Tries one again that was given up or refused, from its first attempt on.
  package func retry(_ id: NotificationID, by author: Author, at time: Timestamp) async throws -> NotificationDelivery {
    try await database.write { connection in
      var delivery = try Self.find(id, in: connection)
      guard delivery.state == .failed || delivery.state == .refused else {
        throw MartletError(
          .conflict, "the notification '\(id)' is \(delivery.state.rawValue)",
          fix: "only what was given up or refused is sent again")
      }
      (delivery.state, delivery.attempts, delivery.nextAt) = (.pending, 0, time)
      try connection.execute(
        "UPDATE notification_deliveries SET state = 'pending', attempts = 0, next_at = ? WHERE id = ?",
        [SQLValue(time), SQLValue(id)])
      try Self.append("notification.retried", delivery, nil, author, time, connection)
      return delivery
    }
  }

  // MARK: - Forgetting

  /// Finished deliveries older than this are forgotten.
  package static let kept = Duration.seconds(30 * 86_400)
  /// So many of each destination are kept however old they are.
  package static let keptOfEach = 20

  /// Forgets finished deliveries that are older than `kept`, but the last ones of each destination; some at a time, so
  /// that nobody waits for it. What the ledger says of them stays.
  package func forget(at time: Timestamp) async throws {
    while try await forgetSome(before: time - Self.kept) == Self.forgottenAtOnce {}
  }

  private static let forgottenAtOnce = 1000

  private func forgetSome(before time: Timestamp) async throws -> Int {
    try await database.write { connection in
      try connection.execute(
        """
        DELETE FROM notification_deliveries WHERE id IN (
          SELECT d.id FROM notification_deliveries d WHERE d.created_at < ? AND d.state <> 'pending' AND EXISTS (
            SELECT 1 FROM notification_deliveries n WHERE n.destination = d.destination AND n.created_at > d.created_at
            ORDER BY n.created_at LIMIT 1 OFFSET ?)
          ORDER BY d.created_at LIMIT ?)
        """, [SQLValue(time), SQLValue(Self.keptOfEach - 1), SQLValue(Self.forgottenAtOnce)])
    }
  }

  // MARK: - Reading

  package func delivery(_ id: NotificationID) async throws -> NotificationDelivery {
    try await database.read { try Self.find(id, in: $0) }
  }

  /// Deliveries of a project, about an alert, in a state, to a destination (nil: of all), newest first.
  ///
  /// - Parameter registry: those of the registry's webhooks, which belong to no project, instead of the others.
  package func deliveries(
    project: ProjectName? = nil, among projects: Set<ProjectName>? = nil, alert: AlertID? = nil,
    state: NotificationDelivery.State? = nil, destination: String? = nil, registry: Bool = false, limit: Int = 100
  ) async throws -> [NotificationDelivery] {
    var (conditions, arguments): ([String], [SQLValue]) = ([], [])
    func add(_ condition: String, _ value: SQLValue) {
      conditions.append(condition)
      arguments.append(value)
    }
    if let project { add("project = ?", SQLValue(project)) }
    if let alert { add("alert = ?", SQLValue(alert)) }
    if let state { add("state = ?", .text(state.rawValue)) }
    if let destination { add("destination = ?", .text(destination)) }
    if let projects {
      let among = SQLFragment.isOneOf("project", projects.map(\.text).sorted(), in: database.dialect)
      conditions.append(among.sql)
      arguments += among.arguments
    }
    add("destination \(registry ? "" : "NOT ")LIKE ?", .text(NotificationDelivery.registryPrefix + "%"))
    let filter = " WHERE " + conditions.joined(separator: " AND ")
    let statement = Self.select + filter + " ORDER BY created_at DESC, id LIMIT ?"
    let bound = arguments + [SQLValue(limit)]
    return try await database.read { try $0.rows(statement, bound, Self.delivery) }
  }

  // MARK: - Statements

  private static let select = """
    SELECT id, notification, destination, state, attempts, created_at, next_at, delivered_at, status, problem
    FROM notification_deliveries
    """

  private static func find(_ id: NotificationID, in connection: any SQLConnection) throws -> NotificationDelivery {
    guard let found = try connection.first(select + " WHERE id = ?", [SQLValue(id)], delivery) else {
      throw MartletError.notFound(
        "there is no notification '\(id.text.prefix(64))'", fix: "martlet alert deliveries shows them")
    }
    return found
  }

  private static func delivery(_ row: SQLRow) throws -> NotificationDelivery {
    NotificationDelivery(
      id: try row.identifier(0), notification: try row.json(1).decode(), destination: try row.text(2),
      state: NotificationDelivery.State(rawValue: try row.text(3)) ?? .failed, attempts: try row.int(4),
      createdAt: try row.time(5), nextAt: try row.time(6), deliveredAt: try row.optionalTime(7),
      status: try row.optionalInteger(8).map { Int($0) }, problem: try row.optionalText(9))
  }

  private static func append(
    _ action: String, _ delivery: NotificationDelivery, _ reason: String?, _ author: Author, _ time: Timestamp,
    _ connection: any SQLConnection
  ) throws {
    try Ledger.append(
      LedgerEntry(
        action: action, object: "notification:\(delivery.id)", before: nil,
        after: [
          "event": .string(delivery.notification.event), "destination": .string(delivery.destination),
          "attempts": .integer(Int64(delivery.attempts)), "project": .string(delivery.notification.project.text),
        ], reason: reason), by: author, at: time, in: connection)
  }
}

extension NotificationDelivery {
  /// Counts an attempt and says what comes of it.
  fileprivate mutating func take(
    _ attempt: NotificationAttempt, at time: Timestamp, chance: Double, _ retry: NotificationRetry
  ) {
    attempts += 1
    switch attempt {
    case .delivered(let answer):
      (state, deliveredAt, status, problem) = (.delivered, time, answer, nil)
    case .refused(let why):
      (state, status, problem) = (.refused, nil, why)
    case .failed(let answer, let why):
      (status, problem) = (answer, why)
      if let pause = retry.pause(after: attempts, chance: chance) {
        nextAt = time + pause
      } else {
        state = .failed
      }
    }
  }
}
