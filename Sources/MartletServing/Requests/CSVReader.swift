import MartletCore

/// Reads a CSV body (RFC 4180, comma, a header line) into rows, by the kinds of the schema.
///
/// What pandas reads as missing is missing here: an empty field, NA, NaN, null, None and their like.
struct CSVReader {
  private let bytes: [UInt8]
  private var position = 0
  private var field: [UInt8] = []

  static func read(_ bytes: [UInt8], schema: RowSchema, rowLimit: Int) throws(RequestRefusal) -> RequestRows {
    var reader = CSVReader(bytes: bytes)
    var rows = RequestRows(schema: schema, limit: rowLimit)
    let columns = try reader.header(schema)
    while !reader.atEnd { try reader.record(columns, into: &rows) }
    for position in columns where position >= 0 { rows.markPresent(position) }
    return rows
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  private var atEnd: Bool { position >= bytes.count }

  private mutating func header(_ schema: RowSchema) throws(RequestRefusal) -> [Int] {
    guard !atEnd else { throw .malformed("The CSV body is empty; its first line names the columns.") }
    var columns: [Int] = []
    repeat {
      try readField()
      let column = schema.names.position(of: field, 0..<field.count)
      guard column < 0 || !columns.contains(column) else {
        throw .malformed("The column '\(schema.columns[column].name)' stands twice in the CSV header.")
      }
      columns.append(column)
    } while skipComma()
    try endLine()
    return columns
  }

  private mutating func record(_ columns: [Int], into rows: inout RequestRows) throws(RequestRefusal) {
    if skipLineEnd() { return }
    try rows.appendRow()
    var at = 0
    repeat {
      try readField()
      guard at < columns.count else { throw ragged(rows.count, columns.count) }
      if columns[at] >= 0 { try store(rows.schema.columns[columns[at]], into: &rows) }
      at += 1
    } while skipComma()
    guard at == columns.count else { throw ragged(rows.count, columns.count) }
    try endLine()
  }

  private func ragged(_ row: Int, _ count: Int) -> RequestRefusal {
    .malformed("Row \(row) of the CSV body does not have \(count) fields, as its header does.")
  }

  private mutating func store(_ column: RowSchema.Column, into rows: inout RequestRows) throws(RequestRefusal) {
    guard let text = String(validating: field, as: UTF8.self) else {
      throw .malformed("The CSV body is not valid UTF-8 at byte \(position).")
    }
    if Self.missing.contains(text) { return }
    let row = rows.count - 1
    if column.kind.isText {
      rows.set(row, slot: column.slot, text)
    } else {
      rows.set(row, slot: column.slot, try Self.number(text, column))
    }
  }

  private static func number(_ text: String, _ column: RowSchema.Column) throws(RequestRefusal) -> Double {
    switch column.kind {
    case .time:
      if let time = Timestamp(text) { return Double(time.milliseconds) }
      throw JSONCursor.mismatch(column, "a string that is no time", "datetime, such as 2013-02-08T05:00:00Z")
    case .boolean:
      if let value = truths[text.lowercased()] { return value }
      throw JSONCursor.mismatch(column, "another value", "boolean")
    default:
      guard let value = Double(text), column.kind != .integer || value.rounded() == value else {
        throw JSONCursor.mismatch(column, "a string", column.kind == .integer ? "integer" : "double")
      }
      return value
    }
  }

  private static let truths: [String: Double] = ["true": 1, "false": 0, "1": 1, "0": 0]

  /// What `pandas.read_csv` takes for missing by default.
  private static let missing: Set<String> = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
  ]

  // MARK: Fields

  private mutating func readField() throws(RequestRefusal) {
    field.removeAll(keepingCapacity: true)
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return readPlainField() }
    position += 1
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte != UInt8(ascii: "\"") {
        field.append(byte)
      } else if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
        field.append(byte)
        position += 1
      } else {
        return
      }
    }
    throw .malformed("A quoted field of the CSV body does not end.")
  }

  private mutating func readPlainField() {
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: ",") || byte == 0x0A || byte == 0x0D { return }
      field.append(byte)
      position += 1
    }
  }

  private mutating func skipComma() -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: ",") else { return false }
    position += 1
    return true
  }

  private mutating func skipLineEnd() -> Bool {
    let start = position
    if position < bytes.count, bytes[position] == 0x0D { position += 1 }
    if position < bytes.count, bytes[position] == 0x0A { position += 1 }
    return position > start
  }

  private mutating func endLine() throws(RequestRefusal) {
    guard atEnd || skipLineEnd() else {
      throw .malformed("A field of the CSV body goes on after its closing quote, at byte \(position).")
    }
  }
}
