package import MartletCore

extension APISchema {
  /// Throws "invalid input", naming the member that does not fit; values themselves are never repeated.
  package func check(_ value: JSON, at path: String = "") throws {
    switch (self, value) {
    case (.any, _), (.boolean, .boolean), (.nullable, .null): return
    case (.nullable(let schema), _), (.named(_, let schema), _): try schema.check(value, at: path)
    case (.string(_, let values, let format), .string(let text)):
      try Self.check(text, values, format, at: path)
    case (.integer(let minimum, let maximum), _):
      guard case .integer(let number) = value else { throw Self.wrongType(value, "a whole number", at: path) }
      guard number >= minimum ?? .min, number <= maximum ?? .max else {
        throw MartletError.invalidInput("\(Self.name(path)) is \(number), outside \(Self.range(minimum, maximum))")
      }
    case (.number, .integer), (.number, .double), (.number, .string("Infinity")), (.number, .string("-Infinity")),
      (.number, .string("NaN")):
      return
    case (.array(let element), .array(let elements)):
      for (index, item) in elements.enumerated() { try element.check(item, at: "\(path)[\(index)]") }
    case (.object(let members, let required, let open), .object(let given)):
      try Self.check(given, members, required, open: open, at: path)
    case (.map(let schema), .object(let given)):
      for (name, member) in given { try schema.check(member, at: "\(path).\(name)") }
    default: throw Self.wrongType(value, expectation, at: path)
    }
  }

  private static func check(_ text: String, _ values: [String]?, _ format: String?, at path: String) throws {
    if let values, !values.contains(text) {
      throw MartletError.invalidInput(
        "\(name(path)) is not one of \(values.joined(separator: ", "))\(didYouMean(text, among: values))")
    }
    if format == "date-time", Timestamp(text) == nil {
      throw MartletError.invalidInput("\(name(path)) is not an ISO 8601 time, such as 2013-02-08T05:00:00Z")
    }
  }

  private static func check(
    _ given: [String: JSON], _ members: [String: APISchema], _ required: [String], open: Bool, at path: String
  ) throws {
    for name in required where given[name] == nil {
      throw MartletError.invalidInput("\(Self.name(path)) lacks the member '\(name)'")
    }
    for (name, member) in given.sorted(by: { $0.key < $1.key }) {
      if let schema = members[name] {
        try schema.check(member, at: "\(path).\(name)")
      } else if !open {
        throw MartletError.invalidInput(
          "\(Self.name(path)) has an unknown member '\(name.prefix(60))'\(didYouMean(name, among: members.keys))")
      }
    }
  }

  private var expectation: String {
    switch self {
    case .any: "anything"
    case .boolean: "true or false"
    case .string: "text"
    case .integer: "a whole number"
    case .number: "a number"
    case .array: "a list"
    case .object, .map: "an object"
    case .nullable(let schema), .named(_, let schema): schema.expectation
    }
  }

  private static func wrongType(_ value: JSON, _ expected: String, at path: String) -> MartletError {
    let found =
      switch value {
      case .null: "null"
      case .boolean: "a boolean"
      case .integer, .double: "a number"
      case .string: "text"
      case .array: "a list"
      case .object: "an object"
      }
    return MartletError.invalidInput("\(name(path)) is \(found) where \(expected) is expected")
  }

  private static func name(_ path: String) -> String {
    path.isEmpty ? "the body" : "'\(path.drop { $0 == "." })'"
  }

  private static func range(_ minimum: Int64?, _ maximum: Int64?) -> String {
    "\(minimum.map(String.init) ?? "…")…\(maximum.map(String.init) ?? "…")"
  }
}
