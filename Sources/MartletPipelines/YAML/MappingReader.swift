import MartletCore

/// Reads one mapping of a file key by key. Every key asked for becomes a known key; `finish` reports the others.
package final class MappingReader {
  /// Where the mapping stands in words, such as `steps.train`; empty for the whole file.
  package let path: String
  package let position: SourcePosition
  package let problems: FileProblems
  package let entries: [YAMLNode.Entry]
  private var known: [String] = []

  /// Nil, with the problem noted, when the node is not a mapping. Nothing at all counts as an empty one.
  package init?(_ node: YAMLNode, path: String, problems: FileProblems) {
    self.path = path
    position = node.position
    self.problems = problems
    switch node.content {
    case .mapping(let entries): self.entries = entries
    case .scalar where node.isNull: entries = []
    default:
      problems.add(
        node.position, "\(path.isEmpty ? "the file" : path) must be a mapping of keys to values, not \(node.kind)")
      return nil
    }
  }

  package func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// The value of a key, when it is written and is not nothing.
  package func node(_ key: String) -> YAMLNode? {
    known.append(key)
    return entries.first { $0.key == key }.map(\.value).flatMap { $0.isNull ? nil : $0 }
  }

  package func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

  package func position(of key: String) -> SourcePosition {
    entries.first { $0.key == key }?.keyPosition ?? position
  }

  /// Notes that a required key is missing; call it where its value turned out to be nil and no problem was noted.
  package func require(_ key: String) {
    guard entries.first(where: { $0.key == key }).map({ $0.value.isNull }) ?? true else { return }
    problems.add(position, "\(path.isEmpty ? "the file" : path) needs '\(key)'")
  }

  /// Reports keys that nobody asked for.
  package func finish() {
    let names = Set(known)
    for entry in entries where !names.contains(entry.key) {
      let place = path.isEmpty ? "" : " in \(path)"
      let hint = didYouMean(entry.key, among: names.sorted())
      let list = hint.isEmpty ? "; the keys here are \(names.sorted().joined(separator: ", "))" : hint
      problems.add(entry.keyPosition, "unknown key '\(entry.key.prefix(64))'\(place)\(list)")
    }
  }

  /// Notes that a key is understood and its feature not built yet.
  package func notYet(_ key: String, _ what: String? = nil) {
    if node(key) != nil { problems.addNotYet(position(of: key), what ?? "'\(path(of: key))'") }
  }
}

// MARK: - Single values

extension MappingReader {
  package func text(_ key: String, required: Bool = false) -> String? {
    guard let node = node(key) else {
      if required { require(key) }
      return nil
    }
    return problems.text(node, path(of: key))
  }

  /// Text that names something: letters, digits, `_`, `-` and `.`, at most 128.
  package func name(_ key: String, required: Bool = false) -> String? {
    guard let value = text(key, required: required) else { return nil }
    problems.checkName(value, at: node(key)?.position ?? position, path(of: key))
    return value
  }

  package func flag(_ key: String) -> Bool? {
    guard let node = node(key) else { return nil }
    if case .scalar(let text, plain: true) = node.content, let value = ["true": true, "false": false][text] {
      return value
    }
    problems.add(node.position, "\(path(of: key)) must be true or false, not \(problems.shown(node))")
    return nil
  }

  package func number(_ key: String, required: Bool = false) -> Double? {
    guard let node = node(key) else {
      if required { require(key) }
      return nil
    }
    if case .scalar(let text, plain: true) = node.content, let value = PlainScalar.number(text) { return value }
    problems.add(node.position, "\(path(of: key)) must be a number, not \(problems.shown(node))")
    return nil
  }

  package func integer(_ key: String, in range: ClosedRange<Int64>, required: Bool = false) -> Int64? {
    guard let value = number(key, required: required) else { return nil }
    if let whole = Int64(exactly: value), range.contains(whole) { return whole }
    let position = node(key)?.position ?? position
    problems.add(position, "\(path(of: key)) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    return nil
  }

  /// A length of time, in milliseconds.
  package func duration(_ key: String, required: Bool = false) -> Int64? {
    quantity(key, required: required, WrittenValues.milliseconds, "a length of time such as 30s, 20m, 3h or 7d")
  }

  /// An amount of memory or storage, in bytes.
  package func size(_ key: String) -> Int64? {
    quantity(key, required: false, WrittenValues.bytes, "a size such as 500MB or 2GiB")
  }

  /// A share between 0 and 1, written as a percentage or a fraction.
  package func share(_ key: String) -> Double? {
    quantity(key, required: false, WrittenValues.share, "a share from 0% to 100%")
  }

  private func quantity<Value>(
    _ key: String, required: Bool, _ parse: (String) -> Value?, _ expected: String
  ) -> Value? {
    guard let node = node(key) else {
      if required { require(key) }
      return nil
    }
    if case .scalar(let text, _) = node.content, let value = parse(text) { return value }
    problems.add(node.position, "\(path(of: key)) must be \(expected), not \(problems.shown(node))")
    return nil
  }

  /// One word of a closed set.
  package func choice<Value: RawRepresentable & CaseIterable>(_ key: String, _ type: Value.Type = Value.self) -> Value?
  where Value.RawValue == String {
    guard let node = node(key), let text = text(key) else { return nil }
    if let value = Value(rawValue: text) { return value }
    let all = Value.allCases.map(\.rawValue)
    let hint = didYouMean(text, among: all)
    let list = hint.isEmpty ? "; it is one of \(all.joined(separator: ", "))" : hint
    problems.add(node.position, "\(path(of: key)) cannot be '\(text.prefix(64))'\(list)")
    return nil
  }
}

// MARK: - Lists and mappings

extension MappingReader {
  package func list(_ key: String) -> [YAMLNode] {
    guard let node = node(key) else { return [] }
    if case .sequence(let items) = node.content { return items }
    problems.add(node.position, "\(path(of: key)) must be a list, not \(node.kind)")
    return []
  }

  /// A list of text, in the file's order.
  package func texts(_ key: String) -> [String] { list(key).compactMap { problems.text($0, path(of: key)) } }

  package func child(_ key: String) -> MappingReader? {
    node(key).flatMap { MappingReader($0, path: path(of: key), problems: problems) }
  }

  /// The named members of a mapping such as `steps`, in the file's order.
  package func members(_ key: String) -> [(name: String, position: SourcePosition, node: YAMLNode)] {
    guard let reader = child(key) else { return [] }
    return reader.entries.map { entry in
      problems.checkName(entry.key, at: entry.keyPosition, "a name in \(path(of: key))")
      return (entry.key, entry.keyPosition, entry.value)
    }
  }
}
