import MartletCore

extension JSONCursor {
  /// Reads the value of one column of the schema; `null` is missing in every kind, as in MLflow.
  mutating func readValue(of position: Int, into rows: inout RequestRows, _ row: Int) throws(RequestRefusal) {
    rows.markPresent(position)
    let first = peek()
    if first == UInt8(ascii: "n"), skipWord("null") { return }
    let slot = rows.schema.columns[position].slot
    switch rows.schema.columns[position].kind {
    case .number:
      try refuseUnlessNumber(first, rows.schema.columns[position], "double")
      rows.set(row, slot: slot, try number())
    case .integer: rows.set(row, slot: slot, try wholeNumber(first, rows.schema.columns[position]))
    case .boolean: rows.set(row, slot: slot, try truth(rows.schema.columns[position]))
    case .time: rows.set(row, slot: slot, try time(first, rows.schema.columns[position]))
    case .text: rows.set(row, slot: slot, try text(first, rows.schema.columns[position]))
    }
  }

  private func refuseUnlessNumber(_ first: UInt8, _ column: RowSchema.Column, _ wanted: String) throws(RequestRefusal) {
    switch first {
    case UInt8(ascii: "\""): throw Self.mismatch(column, "a string", wanted)
    case UInt8(ascii: "t"), UInt8(ascii: "f"): throw Self.mismatch(column, "a boolean", wanted)
    case UInt8(ascii: "["): throw Self.mismatch(column, "a list", wanted)
    case UInt8(ascii: "{"): throw Self.mismatch(column, "an object", wanted)
    default: return
    }
  }

  private mutating func wholeNumber(_ first: UInt8, _ column: RowSchema.Column) throws(RequestRefusal) -> Double {
    try refuseUnlessNumber(first, column, "integer")
    let value = try number()
    guard value.isNaN || (value.rounded() == value && value.isFinite) else {
      throw Self.mismatch(column, "a fractional number", "integer")
    }
    return value
  }

  private mutating func truth(_ column: RowSchema.Column) throws(RequestRefusal) -> Double {
    if skipWord("true") { return 1 }
    if skipWord("false") { return 0 }
    try skipValue()
    throw Self.mismatch(column, "another value", "boolean")
  }

  private mutating func time(_ first: UInt8, _ column: RowSchema.Column) throws(RequestRefusal) -> Double {
    guard first == UInt8(ascii: "\"") else {
      try skipValue()
      throw Self.mismatch(column, "another value", "datetime, written as an ISO 8601 string")
    }
    guard let time = Timestamp(try text()) else {
      throw Self.mismatch(column, "a string that is no time", "datetime, such as 2013-02-08T05:00:00Z")
    }
    return Double(time.milliseconds)
  }

  private mutating func text(_ first: UInt8, _ column: RowSchema.Column) throws(RequestRefusal) -> String {
    if first == UInt8(ascii: "\"") { return try text() }
    let start = position
    try skipValue()
    let isNumber = first == UInt8(ascii: "-") || (48...57).contains(first)
    guard column.acceptsNumbers, isNumber else {
      throw Self.mismatch(column, isNumber ? "a number" : "another value", "string")
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  static func mismatch(_ column: RowSchema.Column, _ given: String, _ wanted: String) -> RequestRefusal {
    .mismatch("Incompatible input types for column '\(column.name)'. Can not safely convert \(given) to \(wanted).")
  }
}
