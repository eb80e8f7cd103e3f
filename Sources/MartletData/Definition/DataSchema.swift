import MartletCore

/// The type of a column, in the project file's words.
package enum ColumnType: String, Sendable, Hashable, Codable, CaseIterable {
  case string
  case integer
  case float
  case boolean
  case date
  case timestamp

  private static let aliases: [String: ColumnType] = [
    "text": .string, "int": .integer, "long": .integer, "bigint": .integer, "double": .float, "number": .float,
    "bool": .boolean, "datetime": .timestamp, "time": .timestamp,
  ]

  package init(written text: String) throws {
    guard let type = ColumnType(rawValue: text) ?? Self.aliases[text] else {
      let names = Self.allCases.map(\.rawValue)
      throw MartletError.invalidInput(
        "unknown column type '\(text.prefix(40))'\(didYouMean(text, among: names))",
        fix: "the types are: \(names.joined(separator: ", "))")
    }
    self = type
  }

  package init(from decoder: any Decoder) throws {
    try self.init(written: try decoder.singleValueContainer().decode(String.self))
  }

  /// The DuckDB type that stores it; timestamps are UTC.
  package var sql: String {
    switch self {
    case .string: "VARCHAR"
    case .integer: "BIGINT"
    case .float: "DOUBLE"
    case .boolean: "BOOLEAN"
    case .date: "DATE"
    case .timestamp: "TIMESTAMP"
    }
  }

  package var isNumeric: Bool { self == .integer || self == .float }
  package var isTime: Bool { self == .date || self == .timestamp }
  /// With its article, for messages: "an integer".
  package var phrase: String { (rawValue.first == "i" ? "an " : "a ") + rawValue }
}

/// One column of a schema, and what its values must be.
package struct SchemaColumn: Sendable, Hashable, Codable {
  package var name: String
  package var type: ColumnType
  /// No value may be missing.
  package var required: Bool
  package var unique: Bool
  /// The values allowed; nil allows all.
  package var allowed: [String]?
  package var min: Double?
  package var max: Double?
  /// Learned from the first delivery, not declared: what was seen there is then expected with some room.
  package var learned: Bool

  package init(
    _ name: String, _ type: ColumnType, required: Bool = false, unique: Bool = false, allowed: [String]? = nil,
    min: Double? = nil, max: Double? = nil, learned: Bool = false
  ) {
    self.name = name
    self.type = type
    self.required = required
    self.unique = unique
    self.allowed = allowed
    self.min = min
    self.max = max
    self.learned = learned
  }
}

/// The contract that every delivery is held to.
package struct DataSchema: Sendable, Hashable, Codable {
  package var columns: [SchemaColumn]

  package init(_ columns: [SchemaColumn]) { self.columns = columns }

  package var names: [String] { columns.map(\.name) }
  package subscript(name: String) -> SchemaColumn? { columns.first { $0.name == name } }

  /// The same schema with some columns as they are declared now, and those declared that it lacks.
  package func overlaid(with declared: [SchemaColumn]) -> DataSchema {
    var columns = columns
    for column in declared {
      if let index = columns.firstIndex(where: { $0.name == column.name }) {
        columns[index] = column
      } else {
        columns.append(column)
      }
    }
    return DataSchema(columns)
  }

  package func column(_ name: String, of what: String) throws -> SchemaColumn {
    guard let column = self[name] else {
      throw MartletError.invalidInput(
        "\(what) names the column '\(name)', which the data does not have\(didYouMean(name, among: names))",
        fix: "the columns are: \(names.prefix(40).joined(separator: ", "))")
    }
    return column
  }
}

/// What the project file says about a dataset's schema: to be learned from the first delivery, or its columns.
package enum SchemaRule: Sendable, Hashable, Codable {
  case inferred
  case columns([DeclaredColumn])

  package init(from decoder: any Decoder) throws {
    if let word = try? decoder.singleValueContainer().decode(String.self) {
      guard word == "inferred" else {
        throw MartletError.invalidInput(
          "schema '\(word.prefix(40))'", fix: "write `inferred`, or a mapping of columns to types")
      }
      self = .inferred
      return
    }
    // Canonical form is a list, so that the order of columns is kept; people write a mapping.
    if var list = try? decoder.unkeyedContainer() {
      var columns: [DeclaredColumn] = []
      while !list.isAtEnd { columns.append(try list.decode(DeclaredColumn.self)) }
      self = .columns(columns)
      return
    }
    let container = try decoder.container(keyedBy: AnyKey.self)
    self = .columns(
      try container.allKeys.map { key in
        var column = try container.decode(DeclaredColumn.self, forKey: key)
        column.name = key.stringValue
        return column
      }.sorted { $0.name < $1.name })
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .inferred: try container.encode("inferred")
    case .columns(let columns): try container.encode(columns)
    }
  }

  /// The columns that are declared; the others are learned.
  package func declared() throws -> [SchemaColumn] {
    guard case .columns(let columns) = self else { return [] }
    return try columns.map { try $0.column() }
  }
}

/// A column as the project file declares it: `date`, or `{type: float, min: 30, max: 9000}`.
package struct DeclaredColumn: Sendable, Hashable, Codable {
  package enum Allowed: Sendable, Hashable, Codable {
    case values([String])
    /// A file of the project with one value a line; see `DatasetDefinition.resolvingFiles`.
    case file(String)

    package init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let path = try? container.decode(String.self) {
        self = .file(path)
      } else {
        self = .values(try container.decode([LooseText].self).map(\.text))
      }
    }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .values(let values): try container.encode(values)
      case .file(let path): try container.encode(path)
      }
    }
  }

  package var name: String
  package var type: ColumnType
  package var required: Bool?
  package var unique: Bool?
  package var allowed: Allowed?
  package var min: Double?
  package var max: Double?

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case name, type, required, unique, min, max
    case allowed = "in"
  }

  package init(from decoder: any Decoder) throws {
    name = ""
    if let word = try? decoder.singleValueContainer().decode(String.self) {
      type = try ColumnType(written: word)
      return
    }
    try decoder.allowOnly(CodingKeys.allCases.map(\.rawValue), in: "a schema column")
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decodeIfPresent(String.self, forKey: .name) ?? ""
    type = try container.decode(ColumnType.self, forKey: .type)
    required = try container.decodeIfPresent(Bool.self, forKey: .required)
    unique = try container.decodeIfPresent(Bool.self, forKey: .unique)
    allowed = try container.decodeIfPresent(Allowed.self, forKey: .allowed)
    min = try container.decodeIfPresent(Double.self, forKey: .min)
    max = try container.decodeIfPresent(Double.self, forKey: .max)
  }

  func column() throws -> SchemaColumn {
    var values: [String]?
    switch allowed {
    case nil: break
    case .values(let list): values = list
    case .file(let path):
      throw MartletError.invalidInput(
        "column '\(name)' allows the values of \(path), which is not part of the project's files",
        fix: "add the file to the project, or list the values in the schema")
    }
    return SchemaColumn(
      name, type, required: required ?? false, unique: unique ?? false, allowed: values, min: min, max: max)
  }
}

extension DatasetDefinition {
  /// The definition with the files that it names for allowed values read: one value a line, or the first column of a CSV.
  package func resolvingFiles(_ read: (String) throws -> String) throws -> DatasetDefinition {
    guard case .columns(var columns) = schema else { return self }
    for index in columns.indices {
      guard case .file(let path) = columns[index].allowed else { continue }
      let lines = try read(path).split(whereSeparator: \.isNewline).map { line in
        line.split(separator: ",", omittingEmptySubsequences: false)[0].trimming { $0 == "\"" || $0 == " " }
      }
      let values = lines.first == columns[index].name ? Array(lines.dropFirst()) : lines
      columns[index].allowed = .values(values.filter { !$0.isEmpty })
    }
    var resolved = self
    resolved.schema = .columns(columns)
    return resolved
  }
}

extension Substring {
  fileprivate func trimming(_ unwanted: (Character) -> Bool) -> String {
    var text = self
    while let first = text.first, unwanted(first) { text.removeFirst() }
    while let last = text.last, unwanted(last) { text.removeLast() }
    return String(text)
  }
}

/// Text, or a number or boolean written where text is meant.
struct LooseText: Decodable {
  let text: String

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(String.self) {
      text = value
    } else if let value = try? container.decode(Bool.self) {
      text = String(value)
    } else if let value = try? container.decode(Int64.self) {
      text = String(value)
    } else {
      text = String(try container.decode(Double.self))
    }
  }
}
