import MartletCore

/// One line of the prediction log, as it is written:
/// `{"id", "endpoint", "version", "variant", "event_time", "wall_time", "latency_us", "score", "request", "features"}`.
///
/// Times are milliseconds since 1970; a score that is not finite is null. `request` holds what the caller sent of
/// the columns the endpoint knows, `features` what the online tables added; missing values are left out.
struct PredictionRecord {
  let prediction: Prediction
  let latencyMicroseconds: Int
  /// Milliseconds since 1970.
  let wallTime: Int64

  /// Calls `body` with the event time and the text of each line that is to be logged.
  func forEachLine(_ body: (Int64, [UInt8]) throws -> Void) rethrows {
    let share = StableHash.fraction(prediction.endpoint.definition.log.share)
    for answers in [prediction.answers, prediction.shadowed] {
      for answer in answers where share == .max || StableHash.of(prediction.ids[answer.row], salt: 1) < share {
        try body(prediction.eventTimes[answer.row], line(answer))
      }
    }
  }

  private func line(_ answer: Prediction.Answer) -> [UInt8] {
    let endpoint = prediction.endpoint
    let variant = endpoint.variants[answer.variant]
    var line: [UInt8] = []
    line.reserveCapacity(512)
    Self.append("{\"id\":", to: &line)
    JSON.write(prediction.ids[answer.row], into: &line)
    Self.append(",\"endpoint\":\"\(endpoint.name)\",\"version\":", to: &line)
    JSON.write(variant.label, into: &line)
    Self.append(",\"variant\":\"\(variant.definition.role.rawValue)\"", to: &line)
    Self.append(",\"event_time\":\(prediction.eventTimes[answer.row]),\"wall_time\":\(wallTime)", to: &line)
    Self.append(",\"latency_us\":\(latencyMicroseconds),\"score\":", to: &line)
    Self.append(answer.score.isFinite ? answer.score.description : "null", to: &line)
    Self.append(",\"request\":{", to: &line)
    appendColumns(of: answer.row, joined: false, to: &line)
    Self.append("},\"features\":{", to: &line)
    appendColumns(of: answer.row, joined: true, to: &line)
    Self.append("}}\n", to: &line)
    return line
  }

  private func appendColumns(of row: Int, joined: Bool, to line: inout [UInt8]) {
    let rows = prediction.rows
    var isFirst = true
    for (position, column) in rows.schema.columns.enumerated() where !rows.isMissing(row, column) {
      let isJoined = prediction.endpoint.joinedColumns.contains(position) && !rows.isPresent[position]
      guard isJoined == joined else { continue }
      if !isFirst { line.append(UInt8(ascii: ",")) }
      isFirst = false
      JSON.write(column.name, into: &line)
      line.append(UInt8(ascii: ":"))
      append(row, column, to: &line)
    }
  }

  private func append(_ row: Int, _ column: RowSchema.Column, to line: inout [UInt8]) {
    let rows = prediction.rows
    switch column.kind {
    case .text: JSON.write(rows.text(row, slot: column.slot) ?? "", into: &line)
    case .boolean: Self.append(rows.number(row, slot: column.slot) == 0 ? "false" : "true", to: &line)
    case .integer, .time:
      let value = rows.number(row, slot: column.slot)
      Self.append(Int64(exactly: value).map(String.init) ?? "null", to: &line)
    case .number: JSON.write(rows.number(row, slot: column.slot), into: &line)
    }
  }

  private static func append(_ text: String, to line: inout [UInt8]) { line.append(contentsOf: text.utf8) }
}
