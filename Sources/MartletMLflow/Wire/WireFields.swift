import MartletCore

/// The parameters of one request, from a JSON body or a query string, read with MLflow's rules: proto3 JSON into
/// proto2 messages (server/handlers.py).
///
/// Required parameters are looked for by their snake_case names only; optional ones may be camelCase, too.
struct WireFields: Sendable {
  private let members: [String: JSON]
  /// Why the body could not be read; MLflow takes such a body for an empty one.
  private let problem: MartletError?

  init(_ members: [String: JSON]) {
    self.members = members
    problem = nil
  }

  /// A JSON body. Older clients write the JSON as a JSON string, which is then read a second time.
  init(body: [UInt8]) {
    do {
      var value = body.isEmpty ? JSON.object([:]) : try JSON.parse(body)
      if case .string(let text) = value { value = try JSON.parse(text) }
      guard case .object(let members) = value else {
        throw MartletError.invalidInput("the body is not a JSON object")
      }
      self.members = members
      problem = nil
    } catch {
      members = [:]
      problem = MartletError(error, doing: "the body is not valid JSON")
    }
  }

  // MARK: Text

  func required(_ name: String) throws -> String {
    let value = members[name]
    guard let value, !value.isNull, value.string != "" else { throw missing(name) }
    guard case .string(let text) = value else { throw wrongType(name, value) }
    return try plain(text, name)
  }

  func optional(_ name: String) throws -> String? {
    guard let value = try member(name) else { return nil }
    guard case .string(let text) = value else { throw wrongType(name, value) }
    return try plain(text, name)
  }

  /// Text that is empty where it is not given, as proto2 reads it.
  func text(_ name: String) throws -> String { try optional(name) ?? "" }

  /// MLflow's clients send a run's id under both names.
  func runID() throws -> RunID {
    let known = ["run_id", "run_uuid"].first { has($0) && members[$0]?.string != "" }
    return RunID(try required(known ?? "run_id"))
  }

  // MARK: Numbers

  /// A whole number, written as a number or as text; R writes 100000 as `"1e+05"`.
  func integer(_ name: String) throws -> Int64? {
    guard let value = try member(name) else { return nil }
    if let number = value.integer { return number }
    if let text = value.string, let number = Int64(text) ?? Self.wholePower(text) { return number }
    throw wrongType(name, value)
  }

  private static func wholePower(_ text: String) -> Int64? {
    guard text.contains("e") else { return nil }
    return double(text).flatMap(Int64.init(exactly:))
  }

  func requiredInteger(_ name: String) throws -> Int64 {
    guard let value = members[name], !value.isNull, value.string != "" else { throw missing(name) }
    guard let number = try integer(name) else { throw missing(name) }
    return number
  }

  /// A number, written as one or as text; `"NaN"`, `"Infinity"` and `"-Infinity"` are numbers here.
  func requiredDouble(_ name: String) throws -> Double {
    guard let value = members[name], !value.isNull, value.string != "" else { throw missing(name) }
    if let number = value.double { return number }
    guard let text = value.string, let number = Self.double(text) else { throw wrongType(name, value) }
    return number
  }

  static func double(_ text: String) -> Double? {
    switch text {
    case "NaN": return .nan
    case "Infinity": return .infinity
    case "-Infinity": return -.infinity
    default:
      guard let first = text.utf8.first, first == UInt8(ascii: "-") || (48...57).contains(first) else { return nil }
      guard let number = Double(text), number.isFinite else { return nil }
      return number
    }
  }

  func boolean(_ name: String) throws -> Bool? {
    guard let value = try member(name) else { return nil }
    switch value {
    case .boolean(let flag): return flag
    case .string(let text) where text.lowercased() == "true": return true
    case .string(let text) where text.lowercased() == "false": return false
    case .string(let text):
      throw MartletError.invalidInput("Invalid boolean value: \(text.prefix(40)), must be 'true' or 'false'.")
    default: throw wrongType(name, value)
    }
  }

  // MARK: Lists

  func texts(_ name: String) throws -> [String] {
    guard let value = try member(name) else { return [] }
    if case .string(let text) = value { return [try plain(text, name)] }
    guard let elements = value.array else { throw wrongType(name, value) }
    return try elements.map { element in
      guard case .string(let text) = element else { throw wrongType(name, value) }
      return try plain(text, name)
    }
  }

  func objects(_ name: String) throws -> [WireFields] {
    guard let value = try member(name) else { return [] }
    guard let elements = value.array else { throw wrongType(name, value) }
    return try elements.map { element in
      guard case .object(let members) = element else { throw wrongType(name, value) }
      return WireFields(members)
    }
  }

  func object(_ name: String) throws -> WireFields? {
    guard let value = try member(name) else { return nil }
    guard case .object(let members) = value else { throw wrongType(name, value) }
    return WireFields(members)
  }

  func has(_ name: String) -> Bool { members[name].map { !$0.isNull } ?? false }

  // MARK: Failures

  private func member(_ name: String) throws -> JSON? {
    if let problem {
      throw MartletError.invalidInput("Bad Request. The body could not be read: \(problem.message)")
    }
    let camel = Self.camelCase(name)
    let (snake, other) = (members[name], camel == name ? nil : members[camel])
    if snake != nil, other != nil {
      throw MartletError.invalidInput("Request specifies both '\(name)' and '\(camel)'; provide only one of them.")
    }
    guard let value = snake ?? other, !value.isNull else { return nil }
    return value
  }

  /// NUL characters end texts early in C and have no place in a database.
  private func plain(_ text: String, _ name: String) throws -> String {
    guard !text.utf8.contains(0) else {
      throw MartletError.invalidInput("Invalid value for parameter '\(name)' supplied: it contains a NUL character.")
    }
    return text
  }

  func missing(_ name: String) -> MartletError {
    let why = problem.map { " (The body could not be read: \($0.message).)" } ?? ""
    return .invalidInput(
      "Missing value for required parameter '\(name)'. See the API docs for more information about request "
        + "parameters.\(why)")
  }

  private func wrongType(_ name: String, _ value: JSON) -> MartletError {
    .invalidInput(
      "Invalid value \(value.text.prefix(200)) for parameter '\(name)' supplied:  Hint: Value was of type "
        + "'\(Self.pythonType(of: value))'. See the API docs for more information about request parameters.")
  }

  private static func pythonType(of value: JSON) -> String {
    switch value {
    case .null: "NoneType"
    case .boolean: "bool"
    case .integer: "int"
    case .double: "float"
    case .string: "str"
    case .array: "list"
    case .object: "dict"
    }
  }

  private static func camelCase(_ name: String) -> String {
    let parts = name.split(separator: "_")
    return parts.dropFirst().reduce(String(parts.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
  }
}
