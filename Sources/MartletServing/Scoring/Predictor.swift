import MartletCore

/// Answers the rows of one request: joins online features, shares the rows among the variants, and lets the
/// champion answer where a challenger cannot.
struct Predictor {
  private let endpoint: LoadedEndpoint
  private let online: OnlineStore.Snapshot
  private let facts: RequestFacts
  private var rows: RequestRows
  private let ids: [String]
  private let eventTimes: [Int64]
  private var scores: [Double]
  private var answeredBy: [Int]

  static func predict(
    _ rows: RequestRows, at endpoint: LoadedEndpoint, online: OnlineStore.Snapshot, facts: RequestFacts
  ) throws -> Prediction {
    var predictor = try Predictor(rows, endpoint, online, facts)
    predictor.join()
    try predictor.answer()
    let shadowed = predictor.shadow()
    return predictor.prediction(shadowed)
  }

  private init(
    _ rows: RequestRows, _ endpoint: LoadedEndpoint, _ online: OnlineStore.Snapshot, _ facts: RequestFacts
  ) throws {
    self.endpoint = endpoint
    self.online = online
    self.facts = facts
    self.rows = rows
    ids = PredictionIDs.ids(of: rows, at: endpoint, requestID: facts.requestID)
    eventTimes = try EventTimes.times(of: rows, at: endpoint, facts: facts)
    scores = [Double](repeating: .nan, count: rows.count)
    answeredBy = ids.map { endpoint.traffic.variant(for: $0) }
  }

  // MARK: Online features

  private mutating func join() {
    rows.beginJoins(endpoint.joins.count)
    for (position, join) in endpoint.joins.enumerated() {
      let table = online.tables[join.table]
      let targets = join.targets.filter { !rows.isPresent[$0.column] }
      guard !targets.isEmpty else { continue }
      for row in 0..<rows.count {
        guard let version = version(in: table, join, row) else { continue }
        rows.markJoined(row, position)
        for target in targets {
          let number = version.numbers[target.source]
          if target.isText {
            rows.set(row, slot: target.slot, version.texts[Int(number)])
          } else {
            rows.set(row, slot: target.slot, number)
          }
        }
      }
    }
  }

  /// The row of the table that held at the request's event time and is not too old.
  private func version(in table: OnlineTable, _ join: LoadedEndpoint.Join, _ row: Int) -> OnlineTable.Version? {
    guard let key = key(join.entity, row), let version = table.version(of: key, at: eventTimes[row]) else { return nil }
    if let ttl = join.ttlMilliseconds, version.at != .min, eventTimes[row] - version.at > ttl { return nil }
    return version
  }

  private func key(_ entity: [Int], _ row: Int) -> String? {
    if entity.count == 1 { return rows.key(row, rows.schema.columns[entity[0]]) }
    var parts: [String] = []
    for column in entity {
      guard let part = rows.key(row, rows.schema.columns[column]) else { return nil }
      parts.append(part)
    }
    return parts.joined(separator: OnlineTable.keySeparator)
  }

  // MARK: Answers

  private mutating func answer() throws {
    for position in endpoint.variants.indices where position != endpoint.championPosition {
      let selected = selection(of: position)
      if !selected.isEmpty { challenge(position, selected) }
    }
    let selected = selection(of: endpoint.championPosition)
    if !selected.isEmpty { try answerByChampion(selected) }
  }

  private func selection(of variant: Int) -> [Int] {
    answeredBy.indices.filter { answeredBy[$0] == variant }
  }

  /// Lets a challenger answer; rows it cannot answer go to the champion.
  private mutating func challenge(_ position: Int, _ selected: [Int]) {
    let variant = endpoint.variants[position]
    for (row, score) in zip(selected, attempt(variant, selected)) {
      scores[row] = score
      if !score.isFinite { answeredBy[row] = endpoint.championPosition }
    }
    let failed = selected.count { answeredBy[$0] == endpoint.championPosition }
    if failed > 0 { variant.counters.addFallbacks(rows: failed) }
  }

  /// One score for each row, NaN where the variant has none; failures are counted.
  private func attempt(_ variant: LoadedVariant, _ selected: [Int]) -> [Double] {
    let counters = variant.counters
    counters.addRequest(rows: selected.count)
    let nothing = [Double](repeating: .nan, count: selected.count)
    let absent = variant.absentInputs(rows.isPresent)
    for input in absent { counters.addMissing(input: input, rows: selected.count) }
    if !absent.isEmpty {
      counters.addErrors(.missingColumn, rows: selected.count)
      return nothing
    }
    if !variant.incompatible.isEmpty {
      counters.addErrors(.incompatibleColumn, rows: selected.count)
      return nothing
    }
    guard let scores = try? variant.scores(rows, selected), scores.count == selected.count else {
      counters.addErrors(.model, rows: selected.count)
      return nothing
    }
    count(scores, counters)
    return scores
  }

  private func count(_ scores: [Double], _ counters: VariantCounters) {
    for score in scores {
      if score.isFinite { counters.addScore(score) } else { counters.addErrors(.notFinite, rows: 1) }
    }
  }

  /// Long requests are scored in pieces, so that one that takes too long can be given up.
  private static let pieceRows = 1024

  private mutating func answerByChampion(_ selected: [Int]) throws {
    let champion = endpoint.champion
    try refuseAbsentColumns(champion)
    champion.counters.addRequest(rows: selected.count)
    var start = 0
    while start < selected.count {
      if start > 0, ContinuousClock.now > facts.deadline { throw RequestRefusal.timedOut }
      let end = min(start + Self.pieceRows, selected.count)
      try answerByChampion(champion, Array(selected[start..<end]))
      start = end
    }
  }

  private mutating func answerByChampion(_ champion: LoadedVariant, _ piece: [Int]) throws {
    do {
      let answers = try champion.scores(rows, piece)
      guard answers.count == piece.count else { throw MartletError(.internalError, "the model lost rows") }
      for (row, score) in zip(piece, answers) { scores[row] = score }
      count(answers, champion.counters)
    } catch {
      champion.counters.addErrors(.model, rows: piece.count)
      throw error
    }
  }

  private func refuseAbsentColumns(_ champion: LoadedVariant) throws {
    let absent = champion.absentInputs(rows.isPresent)
    guard !absent.isEmpty, rows.count > 0 else { return }
    let names = absent.prefix(20).map { "'\(champion.model.inputs[$0].name)'" }.joined(separator: ", ")
    throw RequestRefusal.mismatch("Model is missing inputs [\(names)].")
  }

  /// What the shadows make of all rows; nobody waits for more than their scores.
  private func shadow() -> [Prediction.Answer] {
    endpoint.shadows.flatMap { position in
      let all = Array(0..<rows.count)
      return zip(all, attempt(endpoint.variants[position], all)).map {
        Prediction.Answer(row: $0, variant: position, score: $1)
      }
    }
  }

  private func prediction(_ shadowed: [Prediction.Answer]) -> Prediction {
    Prediction(
      endpoint: endpoint, rows: rows, ids: ids, eventTimes: eventTimes,
      answers: scores.indices.map { Prediction.Answer(row: $0, variant: answeredBy[$0], score: scores[$0]) },
      shadowed: shadowed)
  }
}

/// The id of each row: its id column, else the request's id, which is random unless the caller gave one, with the row's
/// number where there are several.
enum PredictionIDs {
  static func ids(of rows: RequestRows, at endpoint: LoadedEndpoint, requestID: String?) -> [String] {
    var known = requestID
    return (0..<rows.count).map { row in
      if let column = endpoint.idColumn, let id = rows.key(row, rows.schema.columns[column]) { return id }
      let request = known ?? Identifier<RequestRows>.random().text
      known = request
      return rows.count == 1 ? request : "\(request)-\(row)"
    }
  }
}

/// The event time of each row: its time column, else the request's header, else now.
enum EventTimes {
  static func times(of rows: RequestRows, at endpoint: LoadedEndpoint, facts: RequestFacts) throws -> [Int64] {
    let otherwise = (facts.eventTime ?? facts.now).milliseconds
    guard let position = endpoint.timeColumn else { return [Int64](repeating: otherwise, count: rows.count) }
    let column = rows.schema.columns[position]
    return try (0..<rows.count).map { try time(of: $0, column, rows) ?? otherwise }
  }

  private static func time(of row: Int, _ column: RowSchema.Column, _ rows: RequestRows) throws -> Int64? {
    if column.kind.isText {
      guard let text = rows.text(row, slot: column.slot) else { return nil }
      guard let time = Timestamp(text) else {
        throw RequestRefusal.mismatch("The event time in column '\(column.name)' is not an ISO 8601 time.")
      }
      return time.milliseconds
    }
    return Int64(exactly: rows.number(row, slot: column.slot).rounded())
  }
}
