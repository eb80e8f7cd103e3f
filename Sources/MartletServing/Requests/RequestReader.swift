import MartletCore

/// Reads the bodies of MLflow's scoring protocol straight into rows.
///
/// A JSON body holds exactly one of `dataframe_split`, `dataframe_records`, `instances` and `inputs`, and maybe
/// `params`, which is checked and otherwise ignored: Martlet's models take none.
struct RequestReader {
  private var cursor: JSONCursor
  private var rows: RequestRows

  private init(_ bytes: [UInt8], _ rows: RequestRows) {
    cursor = JSONCursor(bytes)
    self.rows = rows
  }

  static func readJSON(_ bytes: [UInt8], schema: RowSchema, rowLimit: Int) throws(RequestRefusal) -> RequestRows {
    var reader = RequestReader(bytes, RequestRows(schema: schema, limit: rowLimit))
    try reader.readBody()
    return reader.rows
  }

  private mutating func readBody() throws(RequestRefusal) {
    guard cursor.peek() == UInt8(ascii: "{") else {
      throw cursor.failure("the body is not an object; \(Self.formats)")
    }
    var rows = self.rows
    var format: String?
    try cursor.forEachMember { cursor, key throws(RequestRefusal) in
      if key == "params" {
        guard cursor.peek() == UInt8(ascii: "{") || cursor.peek() == UInt8(ascii: "n") else {
          throw cursor.failure("'params' is not an object")
        }
        return try cursor.skipValue()
      }
      guard Self.isFormat(key) else {
        throw .malformed("The body has an unknown member '\(key.text.prefix(60))'; \(Self.formats).")
      }
      if let format {
        throw .malformed("The body has both '\(format)' and '\(key.text)'; \(Self.formats).")
      }
      format = key.text
      try Self.read(key, from: &cursor, into: &rows)
    }
    try cursor.expectEnd()
    guard format != nil else { throw .malformed("The body has no rows; \(Self.formats).") }
    self.rows = rows
  }

  static let formats =
    "it needs exactly one of 'dataframe_split', 'dataframe_records', 'instances' and 'inputs', and optionally 'params'"

  private static func isFormat(_ key: JSONKey) -> Bool {
    key == "dataframe_split" || key == "dataframe_records" || key == "instances" || key == "inputs"
  }

  private static func read(_ key: JSONKey, from cursor: inout JSONCursor, into rows: inout RequestRows)
    throws(RequestRefusal)
  {
    if key == "dataframe_split" {
      try readSplit(&cursor, into: &rows)
    } else if key == "inputs", cursor.peek() == UInt8(ascii: "{") {
      try readColumns(&cursor, into: &rows)
    } else {
      try readRecords(&cursor, into: &rows, member: key.text)
    }
  }

  // MARK: [{"a": 1, "b": 2}, …]

  private static func readRecords(_ cursor: inout JSONCursor, into rows: inout RequestRows, member: String)
    throws(RequestRefusal)
  {
    guard cursor.peek() == UInt8(ascii: "[") else { throw .malformed("'\(member)' is not a list of objects.") }
    try cursor.forEachElement { cursor throws(RequestRefusal) in
      guard cursor.peek() == UInt8(ascii: "{") else {
        throw .malformed("'\(member)' holds an element that is not an object of named columns.")
      }
      try rows.appendRow()
      let row = rows.count - 1
      try cursor.forEachMember { cursor, key throws(RequestRefusal) in
        let position = rows.schema.names.position(of: key.bytes, key.range)
        guard position >= 0 else { return try cursor.skipValue(depth: 3) }
        try cursor.readValue(of: position, into: &rows, row)
      }
    }
  }

  // MARK: {"a": [1, 2], "b": [3, 4]} or {"a": 1, "b": 3}

  private static func readColumns(_ cursor: inout JSONCursor, into rows: inout RequestRows) throws(RequestRefusal) {
    var length: Int?
    try cursor.forEachMember { cursor, key throws(RequestRefusal) in
      let position = rows.schema.names.position(of: key.bytes, key.range)
      var row = 0
      if cursor.peek() == UInt8(ascii: "[") {
        try cursor.forEachElement { cursor throws(RequestRefusal) in
          try readElement(&cursor, of: position, into: &rows, row, mayAppend: length == nil)
          row += 1
        }
      } else {
        try readElement(&cursor, of: position, into: &rows, 0, mayAppend: length == nil)
        row = 1
      }
      guard row == length ?? row else {
        throw .malformed("The columns of 'inputs' have different lengths: '\(key.text.prefix(60))' has \(row).")
      }
      length = row
    }
  }

  private static func readElement(
    _ cursor: inout JSONCursor, of position: Int, into rows: inout RequestRows, _ row: Int, mayAppend: Bool
  ) throws(RequestRefusal) {
    if row == rows.count {
      guard mayAppend else { throw .malformed("The columns of 'inputs' have different lengths.") }
      try rows.appendRow()
    }
    guard position >= 0 else { return try cursor.skipValue(depth: 3) }
    try cursor.readValue(of: position, into: &rows, row)
  }

  // MARK: {"columns": ["a", "b"], "data": [[1, 2], …]}

  private static func readSplit(_ cursor: inout JSONCursor, into rows: inout RequestRows) throws(RequestRefusal) {
    guard cursor.peek() == UInt8(ascii: "{") else { throw .malformed("'dataframe_split' is not an object.") }
    var columns: [Int]?
    var skippedData: Int?
    var hasData = false
    try cursor.forEachMember { cursor, key throws(RequestRefusal) in
      if key == "columns" {
        guard columns == nil else { throw .malformed("'dataframe_split' has 'columns' twice.") }
        columns = try readNames(&cursor, rows.schema)
      } else if key == "data" {
        guard !hasData else { throw .malformed("'dataframe_split' has 'data' twice.") }
        hasData = true
        _ = cursor.peek()
        if let columns { return try readData(&cursor, columns, into: &rows) }
        skippedData = cursor.position
        try cursor.skipValue()
      } else if key == "index" {
        try cursor.skipValue()
      } else {
        throw .malformed("'dataframe_split' has an unknown member '\(key.text.prefix(60))'.")
      }
    }
    guard let columns, hasData else { throw .malformed("'dataframe_split' needs 'columns' and 'data'.") }
    if let skippedData {
      let end = cursor.position
      cursor.move(to: skippedData)
      try readData(&cursor, columns, into: &rows)
      cursor.move(to: end)
    }
  }

  private static func readNames(_ cursor: inout JSONCursor, _ schema: RowSchema) throws(RequestRefusal) -> [Int] {
    guard cursor.peek() == UInt8(ascii: "[") else { throw .malformed("'columns' is not a list of names.") }
    var positions: [Int] = []
    positions.reserveCapacity(schema.columns.count)
    try cursor.forEachElement { cursor throws(RequestRefusal) in
      guard cursor.peek() == UInt8(ascii: "\"") else {
        throw .malformed("'columns' holds something that is not a name.")
      }
      let key = try cursor.key()
      let position = schema.names.position(of: key.bytes, key.range)
      guard position < 0 || !positions.contains(position) else {
        throw .malformed("The column '\(key.text.prefix(60))' stands twice in 'columns'.")
      }
      positions.append(position)
    }
    return positions
  }

  private static func readData(_ cursor: inout JSONCursor, _ columns: [Int], into rows: inout RequestRows)
    throws(RequestRefusal)
  {
    guard cursor.peek() == UInt8(ascii: "[") else { throw .malformed("'data' is not a list of rows.") }
    try cursor.forEachElement { cursor throws(RequestRefusal) in
      guard cursor.peek() == UInt8(ascii: "[") else { throw .malformed("'data' holds a row that is not a list.") }
      try rows.appendRow()
      let row = rows.count - 1
      var at = 0
      try cursor.forEachElement { cursor throws(RequestRefusal) in
        guard at < columns.count else { throw raggedRow(row, columns.count) }
        let position = columns[at]
        at += 1
        guard position >= 0 else { return try cursor.skipValue(depth: 4) }
        try cursor.readValue(of: position, into: &rows, row)
      }
      guard at == columns.count else { throw raggedRow(row, columns.count) }
    }
    for position in columns where position >= 0 { rows.markPresent(position) }
  }

  private static func raggedRow(_ row: Int, _ count: Int) -> RequestRefusal {
    .malformed("Row \(row) of 'data' does not have as many values as there are columns (\(count)).")
  }
}
