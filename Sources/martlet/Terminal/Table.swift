import MartletCore

/// Rows under headings, in columns as wide as they need to be.
struct Table {
  let columns: [Column]
  let usesColor: Bool

  /// No cell is wider than this; the JSON formats have the whole text.
  private static let widest = 72

  func lines(_ items: [JSON]) -> [String] {
    let cells = items.map { item in columns.map { Self.clip($0.cell(item)) } }
    let widths = columns.indices.map { column in
      max(columns[column].title.count, cells.map { $0[column].count }.max() ?? 0)
    }
    let heading = line(columns.map(\.title), widths)
    return [usesColor ? "\u{1B}[1m\(heading)\u{1B}[0m" : heading] + cells.map { line($0, widths) }
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var text = ""
    for (index, cell) in cells.enumerated() {
      let space = String(repeating: " ", count: max(0, widths[index] - cell.count))
      let isLast = index == cells.count - 1
      text += columns[index].isNumber ? space + cell : cell + (isLast ? "" : space)
      if !isLast { text += "  " }
    }
    return text
  }

  /// One line of text without control characters, so that no stored value can talk to the terminal.
  private static func clip(_ text: String) -> String {
    let plain = String(
      String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    return plain.count > widest ? plain.prefix(widest - 1) + "…" : plain
  }
}

/// Comma-separated values as RFC 4180 has them.
enum CSVText {
  static func lines(_ items: [JSON], _ columns: [Column]) -> [String] {
    [columns.map { quote($0.title.lowercased()) }.joined(separator: ",")]
      + items.map { item in columns.map { quote(raw(item, $0)) }.joined(separator: ",") }
  }

  private static func raw(_ item: JSON, _ column: Column) -> String {
    switch item.value(at: column.path) {
    case .string(let text): text
    case .null, nil: ""
    case .some(let value): value.text
    }
  }

  private static func quote(_ text: String) -> String {
    text.contains { ",\"\n\r\r\n".contains($0) } ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
  }
}
