package import MartletCore

extension ProjectFile {
  /// The file's parameters with a run's own values in their place; each keeps the type that the file gives it.
  ///
  /// - Parameter overrides: as `martlet run -p name=value` sends them: text is read as the declared type.
  package func parameters(overriddenBy overrides: [String: JSON]) throws -> [String: JSON] {
    var values = params
    for (name, value) in overrides.sorted(by: { $0.key < $1.key }) {
      guard let declared = params[name] else {
        throw MartletError(
          .invalidInput, "unknown parameter '\(name.prefix(64))'\(didYouMean(name, among: params.keys.sorted()))",
          fix: params.isEmpty
            ? "the project has no parameters" : "the parameters are \(params.keys.sorted().joined(separator: ", "))")
      }
      values[name] = try Self.convert(value, like: declared, name)
    }
    return values
  }

  private static func convert(_ value: JSON, like declared: JSON, _ name: String) throws -> JSON {
    switch (declared, value) {
    case (.string, .string), (.boolean, .boolean), (.integer, .integer), (.double, .double), (.double, .integer):
      return value
    case (.string, .integer), (.string, .double), (.string, .boolean): return .string(value.text)
    case (.boolean, .string(let text)) where text == "true" || text == "false": return .boolean(text == "true")
    case (.integer, .string(let text)): if let whole = Int64(text) { return .integer(whole) }
    case (.double, .string(let text)): if let number = PlainScalar.number(text) { return .double(number) }
    case (.integer, .double): if let whole = value.integer { return .integer(whole) }
    default: break
    }
    let kind =
      switch declared {
      case .string: "text"
      case .boolean: "true or false"
      case .integer: "a whole number"
      default: "a number"
      }
    throw MartletError.invalidInput(
      "the parameter '\(name)' must be \(kind), as in martlet.yaml, not '\((value.string ?? value.text).prefix(64))'")
  }
}
