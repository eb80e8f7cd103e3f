import MartletCore

/// What a part of a file may look like that another module gives its meaning to: keys and kinds of values are checked
/// here, with their places, and the part is handed on as JSON.
indirect enum Shape: Sendable {
  case text
  case name
  case number
  /// A number, true, false or text, as it stands.
  case value
  case whole
  case flag
  /// Text such as `3h`.
  case duration
  /// A number from 0 to 1, or a percentage.
  case share
  case word([String])
  case list(Shape)
  /// Keys and their shapes; the names of those that must be there.
  case keys([String: Shape], required: [String] = [])
  /// A mapping whose keys are names of the writer's own; becomes a list of objects with a `name`, in the file's order.
  /// A text as value is short for the given key.
  case members(Shape, shorthand: String)
  /// The first shape whose kind of node (single value, list, mapping) fits.
  case either([Shape])
}

extension Shape {
  /// The node as JSON; what does not fit is added to `problems`.
  func json(_ node: YAMLNode, _ path: String, _ problems: FileProblems) -> JSON {
    switch self {
    case .text, .name, .word: return text(node, path, problems)
    case .value: return problems.json(node, path)
    case .number, .whole, .flag, .duration, .share: return scalar(node, path, problems)
    case .list(let item):
      guard case .sequence(let nodes) = node.content else { return refuse(node, path, problems, "a list") }
      return .array(nodes.enumerated().map { item.json($1, "\(path)[\($0 + 1)]", problems) })
    case .keys(let keys, let required): return mapping(node, path, problems, keys, required)
    case .members(let shape, let shorthand):
      guard case .mapping(let entries) = node.content else { return refuse(node, path, problems, "a mapping of names") }
      return .array(entries.map { Self.member($0, path, problems, shape, shorthand) })
    case .either(let shapes):
      let fitting = shapes.first { $0.fits(node) } ?? shapes.first ?? .text
      return fitting.json(node, path, problems)
    }
  }

  private func fits(_ node: YAMLNode) -> Bool {
    switch (self, node.content) {
    case (.list, .sequence), (.keys, .mapping), (.members, .mapping): true
    case (.list, _), (.keys, _), (.members, _): false
    case (_, .scalar): true
    default: false
    }
  }

  private func refuse(_ node: YAMLNode, _ path: String, _ problems: FileProblems, _ expected: String) -> JSON {
    problems.add(node.position, "\(path) must be \(expected), not \(problems.shown(node))")
    return .null
  }

  private func text(_ node: YAMLNode, _ path: String, _ problems: FileProblems) -> JSON {
    guard let text = problems.text(node, path) else { return .null }
    if case .name = self { problems.checkName(text, at: node.position, path) }
    if case .word(let words) = self, !words.contains(text) {
      let hint = didYouMean(text, among: words)
      let list = hint.isEmpty ? "; it is one of \(words.joined(separator: ", "))" : hint
      problems.add(node.position, "\(path) cannot be '\(text.prefix(64))'\(list)")
    }
    return .string(text)
  }

  private func scalar(_ node: YAMLNode, _ path: String, _ problems: FileProblems) -> JSON {
    guard case .scalar(let text, let plain) = node.content else { return refuse(node, path, problems, expectation) }
    let number = plain ? PlainScalar.number(text) : nil
    switch self {
    case .number: if let number { return Int64(text).map(JSON.integer) ?? .double(number) }
    case .whole: if plain, let whole = Int64(text) { return .integer(whole) }
    case .flag: if plain, text == "true" || text == "false" { return .boolean(text == "true") }
    case .duration: if WrittenValues.milliseconds(text) != nil { return .string(text) }
    case .share:
      if WrittenValues.share(text) != nil { return number.map(JSON.double) ?? .string(text) }
    default: break
    }
    return refuse(node, path, problems, expectation)
  }

  private var expectation: String {
    switch self {
    case .number: "a number"
    case .whole: "a whole number"
    case .flag: "true or false"
    case .duration: "a length of time such as 30s, 20m, 3h or 7d"
    case .share: "a share from 0% to 100%"
    default: "text"
    }
  }

  private func mapping(
    _ node: YAMLNode, _ path: String, _ problems: FileProblems, _ keys: [String: Shape], _ required: [String]
  ) -> JSON {
    guard let reader = MappingReader(node, path: path, problems: problems) else { return .null }
    var members: [String: JSON] = [:]
    for (key, shape) in keys {
      if let value = reader.node(key) { members[key] = shape.json(value, reader.path(of: key), problems) }
    }
    for key in required { reader.require(key) }
    reader.finish()
    return .object(members)
  }

  private static func member(
    _ entry: YAMLNode.Entry, _ path: String, _ problems: FileProblems, _ shape: Shape, _ shorthand: String
  ) -> JSON {
    var value: JSON
    if case .scalar = entry.value.content {
      value = .object([shorthand: Shape.text.json(entry.value, "\(path).\(entry.key)", problems)])
    } else {
      value = shape.json(entry.value, "\(path).\(entry.key)", problems)
    }
    guard case .object(var members) = value else { return value }
    members["name"] = .string(entry.key)
    value = .object(members)
    return value
  }
}
