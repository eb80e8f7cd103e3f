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

  /// What is the same in all lines of one variant: `,"endpoint":…,"version":…,"variant":…`.
  static func part(of variant: LoadedVariant, at endpoint: EndpointName) -> [UInt8] {
    var part = Array(",\"endpoint\":\"\(endpoint)\",\"version\":".utf8)
    JSON.write(variant.label, into: &part)
    append(",\"variant\":\"\(variant.definition.role.rawValue)\"", to: &part)
    return part
  }

  private func line(_ answer: Prediction.Answer) -> [UInt8] {
    var line: [UInt8] = []
    line.reserveCapacity(1024)
    Self.append("{\"id\":", to: &line)
    JSON.write(prediction.ids[answer.row], into: &line)
    line.append(contentsOf: prediction.endpoint.logParts[answer.variant])
    Self.append(",\"event_time\":", to: &line)
    Self.append(String(prediction.eventTimes[answer.row]), to: &line)
    Self.append(",\"wall_time\":", to: &line)
    Self.append(String(wallTime), to: &line)
    Self.append(",\"latency_us\":", to: &line)
    Self.append(String(latencyMicroseconds), to: &line)
    Self.append(",\"score\":", to: &line)
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
    for position in rows.schema.columns.indices {
      let isJoined = !rows.isPresent[position] && prediction.endpoint.joinedColumns.contains(position)
      let column = rows.schema.columns[position]
      guard isJoined == joined, !rows.isMissing(row, column) else { continue }
      if !isFirst { line.append(UInt8(ascii: ",")) }
      isFirst = false
      line.append(contentsOf: column.member)
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
