import Foundation
import MartletCore

/// Writes results in the format that was asked for: data on standard output, everything else on standard error.
struct Output {
  let format: OutputFormat
  let usesColor: Bool

  init(_ options: GlobalOptions) {
    format = options.output
    usesColor = options.usesColor
  }

  /// A list: a table that ends with its page's address, a JSON array, a JSON value a line, or CSV.
  func list(_ items: [JSON], _ columns: [Column], link: String?) {
    switch format {
    case .json: write(JSON.array(items).text)
    case .jsonl: for item in items { write(item.text) }
    case .csv: CSVText.lines(items, columns).forEach(write)
    case .table:
      if items.isEmpty {
        write("[]")
      } else {
        Table(columns: columns, usesColor: usesColor).lines(items).forEach(write)
      }
      if let link { write("\n\(link)") }
    }
  }

  /// One thing: its fields one below the other, or its JSON.
  func item(_ item: JSON, _ columns: [Column], link: String?) {
    switch format {
    case .json, .jsonl: write(item.text)
    case .csv: CSVText.lines([item], columns).forEach(write)
    case .table:
      let shown = columns.filter { item.value(at: $0.path).map { !$0.isNull } ?? false }
      let width = shown.map(\.title.count).max() ?? 0
      for column in shown {
        write("\(column.title.padding(toLength: width, withPad: " ", startingAt: 0))  \(column.cell(item))")
      }
      if let link { write("\n\(link)") }
    }
  }

  func write(_ line: String) { StandardStream.output.write(line + "\n") }

  /// A remark for the person, never mixed into the data.
  func note(_ line: String) { StandardStream.error.write(line + "\n") }
}

/// One column of a table: its title and where in the JSON its value stands (`metrics.roc_auc`).
struct Column {
  let title: String
  let path: [String]
  let isNumber: Bool
  /// How a person reads the value, where that is not how JSON of its kind is read.
  private(set) var words: (@Sendable (JSON) -> String)?

  init(_ title: String, _ path: String, number: Bool = false) {
    self.title = title
    self.path = path.split(separator: ".").map(String.init)
    isNumber = number
  }

  /// A column whose name may hold dots: it is not taken apart.
  init(_ title: String, key: String) { self.init(title, path: [key]) }

  init(_ title: String, path: [String], number: Bool = false) {
    self.title = title
    self.path = path
    isNumber = number
  }

  func cell(_ item: JSON) -> String { item.value(at: path).map { words?($0) ?? $0.cellText } ?? "" }

  /// The roles of an account: "admin", "data-scientist in flights".
  static func roles(_ title: String) -> Column {
    var column = Column(title, "roles")
    column.words = { roles in
      let grants = (roles.array ?? []).map { grant in
        [grant["role"]?.cellText, grant["project"]?.cellText].compactMap { $0 }.joined(separator: " in ")
      }
      return grants.joined(separator: ", ")
    }
    return column
  }
}

extension JSON {
  func value(at path: [String]) -> JSON? {
    var value: JSON? = self
    for key in path { value = value?[key] }
    return value
  }

  /// The value as a person reads it in a table.
  var cellText: String {
    switch self {
    case .null: return ""
    case .boolean(let value): return value ? "yes" : "no"
    case .integer(let value): return String(value)
    case .double(let value): return Self.short(value)
    case .string(let value):
      // Times without the milliseconds that nobody reads.
      return value.count == 24 && value.hasSuffix(".000Z") ? value.replacing(".000Z", with: "Z") : value
    case .array(let values):
      guard values.count > 8 else { return values.map(\.cellText).joined(separator: ", ") }
      return "\(values[0].cellText) … \(values[values.count - 1].cellText) (\(values.count))"
    case .object(let members):
      return members.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.cellText)" }.joined(separator: " ")
    }
  }

  private static func short(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    if value == value.rounded(), abs(value) < 1e9 { return String(Int64(value)) }
    return abs(value) >= 1e6 || abs(value) < 1e-4 ? String(format: "%.3e", value) : String(format: "%.4f", value)
  }
}
