import MartletCore

/// Rows as they were pushed, brought into the contract's columns and types; any row that does not fit refuses all.
struct PushedRows {
  /// The rows of one partition as a tail file.
  struct Group {
    var csv: [UInt8]
    var rows: Int64 = 0
    var firstTime: Timestamp?
    var lastTime: Timestamp?
  }

  static let maximumRows = 200_000

  let schema: DataSchema
  let definition: DatasetDefinition

  /// - Returns: for each partition its rows, in the order they were pushed.
  func read(_ bytes: [UInt8], _ format: UploadFormat) throws -> [String: Group] {
    var groups: [String: Group] = [:]
    switch format {
    case .csv: try readCSV(bytes, &groups)
    case .jsonLines: try readJSONLines(bytes, &groups)
    case .parquet:
      throw MartletError(
        .unsupportedMediaType, "rows are pushed as CSV or JSON lines", fix: "deliver Parquet files as partitions")
    }
    guard !groups.isEmpty else { throw MartletError.invalidInput("there are no rows in the request") }
    return groups
  }

  private func readCSV(_ bytes: [UInt8], _ groups: inout [String: Group]) throws {
    var reader = CSVText(
      bytes, delimiter: CSVText.delimiter(of: bytes.count > 65_536 ? Array(bytes.prefix(65_536)) : bytes))
    guard let header = try reader.next() else {
      throw MartletError.invalidInput("the request is empty", fix: "send a header and rows")
    }
    try check(names: header)
    let positions = schema.names.map { header.firstIndex(of: $0) }
    var count = 0
    while let fields = try reader.next() {
      count += 1
      guard fields.count == header.count else {
        throw MartletError.invalidInput("row \(count) has \(fields.count) values, the header has \(header.count) names")
      }
      try add(
        positions.map { $0.flatMap { fields[$0].isEmpty || fields[$0] == "NA" ? nil : fields[$0] } }, row: count,
        &groups)
    }
  }

  private func readJSONLines(_ bytes: [UInt8], _ groups: inout [String: Group]) throws {
    var count = 0
    for line in bytes.split(separator: UInt8(ascii: "\n")) where !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) {
      count += 1
      guard case .object(let members) = try Self.parse(line, row: count) else {
        throw MartletError.invalidInput("row \(count) is not a JSON object", fix: "write one JSON object a line")
      }
      if count == 1 { try check(names: Array(members.keys)) }
      if let stranger = members.keys.first(where: { schema[$0] == nil }) { try check(names: schema.names + [stranger]) }
      try add(schema.names.map { Self.text(members[$0]) }, row: count, &groups)
    }
  }

  private static func parse(_ line: ArraySlice<UInt8>, row: Int) throws -> JSON {
    do { return try JSON.parse(line) } catch let error as MartletError {
      throw MartletError(
        .invalidInput, "row \(row) is not JSON", cause: error.message, fix: "write one JSON object a line")
    }
  }

  private static func text(_ value: JSON?) -> String? {
    switch value {
    case nil, .null: nil
    case .string(let text): text.isEmpty ? nil : text
    case .some(let other): other.text
    }
  }

  private func check(names: [String]) throws {
    if let stranger = names.first(where: { schema[$0] == nil }) {
      throw MartletError.invalidInput(
        "the column '\(stranger.prefix(60))' is not in the contract\(didYouMean(stranger, among: schema.names))",
        fix: "its columns are: \(schema.names.prefix(40).joined(separator: ", "))")
    }
    let needed = schema.columns.filter { $0.required || definition.key.contains($0.name) || $0.name == definition.time }
    if let missing = needed.first(where: { !names.contains($0.name) }) {
      throw MartletError.invalidInput("the column '\(missing.name)' is missing", fix: "send it with every row")
    }
  }

  private func add(_ values: [String?], row: Int, _ groups: inout [String: Group]) throws {
    guard row <= Self.maximumRows else {
      throw MartletError(
        .payloadTooLarge, "more than \(Self.maximumRows) rows in one request",
        fix: "push fewer rows at a time, or deliver files")
    }
    var written: [String?] = []
    var time: Timestamp?
    for (column, value) in zip(schema.columns, values) {
      let text = try value.map { try PushedValue.canonical($0, column, row: row) }
      if text == nil,
        definition.key.contains(column.name) || column.name == definition.time
          || column.name == definition.partition?.column
      {
        throw MartletError.invalidInput("row \(row) has no value in '\(column.name)'")
      }
      if column.name == definition.time, column.type.isTime { time = text.flatMap { Timestamp($0) } }
      written.append(text)
    }
    let partition = try partition(of: written, row: row)
    var group = groups.removeValue(forKey: partition) ?? Group(csv: header)
    write(written, into: &group.csv)
    group.rows += 1
    if let time {
      group.firstTime = group.firstTime.map { min($0, time) } ?? time
      group.lastTime = group.lastTime.map { max($0, time) } ?? time
    }
    groups[partition] = group
  }

  private var header: [UInt8] {
    var bytes: [UInt8] = []
    for (index, name) in schema.names.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      CSVText.write(name, into: &bytes)
    }
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  private func write(_ values: [String?], into output: inout [UInt8]) {
    for (index, value) in values.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      if let value { CSVText.write(value, into: &output) }
    }
    output.append(UInt8(ascii: "\n"))
  }

  private func partition(of values: [String?], row: Int) throws -> String {
    guard let rule = definition.partition else { return "all" }
    guard let index = schema.names.firstIndex(of: rule.column), let value = values[index] else {
      throw MartletError.invalidInput("row \(row) has no value in '\(rule.column)', by which rows are divided")
    }
    switch rule.by {
    case .value: return value
    case .day, .month:
      guard let time = Timestamp(value) else {
        throw MartletError.invalidInput(
          "row \(row): '\(rule.column)' is not a date", fix: "write dates such as 2013-04-01")
      }
      return rule.by == .day ? time.day : String(time.day.prefix(7))
    }
  }
}

/// One pushed value in the form that tail files have.
enum PushedValue {
  static func canonical(_ text: String, _ column: SchemaColumn, row: Int) throws -> String {
    let value: String? =
      switch column.type {
      case .string: text
      case .integer: integer(text)
      case .float: Double(text).flatMap { $0.isFinite ? String($0) : nil }
      case .boolean:
        switch text.lowercased() {
        case "true", "t", "1": "true"
        case "false", "f", "0": "false"
        default: nil
        }
      case .date: text.utf8.count == 10 ? Timestamp(text)?.day : nil
      case .timestamp: Timestamp(text)?.sqlText
      }
    guard let value else {
      throw MartletError.invalidInput(
        "row \(row): the value in '\(column.name)' is not \(column.type.phrase)",
        fix: column.type == .timestamp
          ? "write times such as 2013-04-01T10:00:00Z" : "send \(column.type.phrase), or nothing where it is missing")
    }
    return value
  }

  /// Whole numbers, also when written with a point: `12`, `12.0`.
  private static func integer(_ text: String) -> String? {
    if let number = Int64(text) { return String(number) }
    return Double(text).flatMap { Int64(exactly: $0) }.map { String($0) }
  }
}
