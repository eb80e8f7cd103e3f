package import MartletCore

extension Frame {
  /// Rows written as JSON objects, read as the types of the fields; a member that is absent is missing.
  package init(rows: [[String: JSON]], fields: [ModelField]) throws {
    try self.init(
      fields.map { field in
        let values = rows.map { $0[field.name] ?? .null }
        return Column(field.name, try Self.values(values, field))
      })
  }

  private static func values(_ values: [JSON], _ field: ModelField) throws -> Values {
    func wrong() -> MartletError {
      .invalidInput("the column '\(field.name)' holds a value that is not a \(field.type.rawValue)")
    }
    func numbers() throws -> [Double] {
      try values.map { value in
        if value.isNull || value.string == "NaN" { return .nan }
        guard let number = value.double ?? value.boolean.map({ $0 ? 1 : 0 }) else { throw wrong() }
        return number
      }
    }
    switch field.type {
    case .string:
      return .text(
        try values.map { value in
          if value.isNull { return nil }
          guard let text = value.string else { throw wrong() }
          return text
        })
    case .datetime:
      return .time(
        try values.map { value in
          if value.isNull { return nil }
          guard let time = value.string.flatMap({ Timestamp($0) }) else { throw wrong() }
          return time.milliseconds
        })
    case .double, .long, .boolean: return .double(try numbers())
    }
  }

  /// One value as JSON; missing is null.
  package func json(_ name: String, row: Int) throws -> JSON {
    switch try column(name) {
    case .double(let values): values[row].isNaN ? .null : .double(values[row])
    case .integer(let values): values[row].map(JSON.integer) ?? .null
    case .boolean(let values): values[row].map(JSON.boolean) ?? .null
    case .text(let values): values[row].map(JSON.string) ?? .null
    case .time(let values): values[row].map { .string(Timestamp(milliseconds: $0).description) } ?? .null
    }
  }
}
