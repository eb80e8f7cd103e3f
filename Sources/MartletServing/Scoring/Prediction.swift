import MartletCore

/// What was answered to one request, row by row; also what the prediction log writes.
final class Prediction: Sendable {
  /// One variant's answer for one row.
  struct Answer: Sendable {
    var row: Int
    var variant: Int
    var score: Double
  }

  let endpoint: LoadedEndpoint
  let rows: RequestRows
  let ids: [String]
  /// Milliseconds since 1970.
  let eventTimes: [Int64]
  /// One for each row, in order.
  let answers: [Answer]
  /// What the shadow variants would have answered.
  let shadowed: [Answer]

  init(
    endpoint: LoadedEndpoint, rows: RequestRows, ids: [String], eventTimes: [Int64], answers: [Answer],
    shadowed: [Answer]
  ) {
    self.endpoint = endpoint
    self.rows = rows
    self.ids = ids
    self.eventTimes = eventTimes
    self.answers = answers
    self.shadowed = shadowed
  }

  /// Whether the first row brought its id itself.
  var hasOwnID: Bool {
    guard let column = endpoint.idColumn, rows.count > 0 else { return false }
    return rows.key(0, rows.schema.columns[column]) != nil
  }

  /// `{"predictions": [0.25, …]}`; NaN and infinity, which JSON cannot write, come out as null.
  var body: [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(20 + answers.count * 21)
    output.append(contentsOf: "{\"predictions\": [".utf8)
    for (position, answer) in answers.enumerated() {
      if position > 0 { output.append(contentsOf: ", ".utf8) }
      if answer.score.isFinite {
        output.append(contentsOf: answer.score.description.utf8)
      } else {
        output.append(contentsOf: "null".utf8)
      }
    }
    output.append(contentsOf: "]}".utf8)
    return output
  }
}

/// What a request says beside its rows.
struct RequestFacts: Sendable {
  /// The header `X-Request-Id`.
  var requestID: String?
  /// The header `Martlet-Event-Time`.
  var eventTime: Timestamp?
  /// When the request was read.
  var now: Timestamp
  /// When an answer is of no use any more.
  var deadline: ContinuousClock.Instant
}
