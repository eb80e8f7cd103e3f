/// Comma-separated values as RFC 4180 has them, or with another separator.
enum DelimitedText {
  /// - Parameter limit: rows to read, the heading among them.
  static func rows(of text: String, separator: Character, limit: Int) -> (rows: [[String]], isCut: Bool) {
    var (rows, row, field): ([[String]], [String], String) = ([], [], "")
    var isQuoted = false
    var characters = text.makeIterator()
    var pending: Character?
    while let character = pending ?? characters.next() {
      pending = nil
      if isQuoted {
        guard character == "\"" else {
          field.append(character)
          continue
        }
        pending = characters.next()
        // A doubled quote stands for one.
        if pending == "\"" {
          field.append("\"")
          pending = nil
        } else {
          isQuoted = false
        }
      } else if character == "\"", field.isEmpty {
        isQuoted = true
      } else if character == separator {
        row.append(field)
        field = ""
      } else if character.isNewline {
        rows.append(row + [field])
        (row, field) = ([], "")
        if rows.count == limit { return (rows, characters.next() != nil) }
      } else {
        field.append(character)
      }
    }
    if !field.isEmpty || !row.isEmpty { rows.append(row + [field]) }
    return (rows, false)
  }
}
