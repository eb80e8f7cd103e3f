package import MartletCore

extension FileProblems {
  /// A node's text; numbers stay as they are written. Nil, with the problem noted, when it is none.
  func text(_ node: YAMLNode, _ path: String) -> String? {
    guard case .scalar(let text, let plain) = node.content, !node.isNull else {
      add(node.position, "\(path) must be text, not \(node.kind)")
      return nil
    }
    if plain, let objection = YAMLTraps.objection(toText: text) {
      add(node.position, "\(path): \(objection)")
      return nil
    }
    return text
  }

  func checkName(_ name: String, at position: SourcePosition, _ path: String) {
    let allowed = name.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "_-.".utf8.contains(byte)
    }
    if !allowed || name.isEmpty || name.utf8.count > 128 || name.hasPrefix(".") {
      add(position, "\(path): '\(name.prefix(64))' is not a name; use letters, digits, '_', '-' and '.', at most 128")
    }
  }

  /// What is written, shortened, for messages.
  func shown(_ node: YAMLNode) -> String {
    if case .scalar(let text, _) = node.content { "'\(text.prefix(64))'" } else { node.kind }
  }

  /// Any node as JSON: plain scalars become numbers, true, false or null, quoted ones stay text.
  func json(_ node: YAMLNode, _ path: String) -> JSON {
    switch node.content {
    case .sequence(let items): return .array(items.map { json($0, path) })
    case .mapping(let entries):
      return .object(
        Dictionary(
          entries.map { ($0.key, json($0.value, "\(path).\($0.key)")) }, uniquingKeysWith: { first, _ in first }))
    case .scalar(let text, plain: false): return .string(text)
    case .scalar(let text, plain: true):
      if node.isNull { return .null }
      switch PlainScalar.value(text) {
      case .success(let value): return value
      case .failure(let objection):
        add(node.position, "\(path): \(objection.text)")
        return .string(text)
      }
    }
  }
}

/// What a scalar without quotes means.
package enum PlainScalar {
  package struct Objection: Error {
    package var text: String
  }

  /// A JSON value; refused are words and numbers that YAML readers disagree about.
  package static func value(_ text: String) -> Result<JSON, Objection> {
    if text == "true" || text == "false" { return .success(.boolean(text == "true")) }
    if let objection = YAMLTraps.objection(toText: text) { return .failure(Objection(text: objection)) }
    let digits = text.drop { $0 == "-" || $0 == "+" }
    if digits.count > 1, digits.first == "0", digits.allSatisfy(\.isNumber) {
      return .failure(
        Objection(text: "\(text) is octal to some YAML readers: write \"\(text)\", or leave out the zero"))
    }
    if let whole = Int64(text) { return .success(.integer(whole)) }
    if let number = number(text) { return .success(.double(number)) }
    return .success(.string(text))
  }

  /// A finite decimal number such as `7`, `-0.5` or `1e-3`.
  package static func number(_ text: String) -> Double? {
    let allowed = Set("0123456789+-.eE")
    guard text.allSatisfy(allowed.contains), text.contains(where: \.isNumber), let value = Double(text), value.isFinite
    else { return nil }
    return value
  }
}
