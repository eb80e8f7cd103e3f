package import MartletCore

/// What a project file may point at, as it is written: `params.label`, `data.flights`, `train.model`, `gate.quality`.
package enum Reference: Sendable, Hashable, Codable, CustomStringConvertible {
  case parameter(String)
  case data(String)
  case output(StepOutputName)
  case gate(String)
  /// A file that a command step writes: `${out.extra}`.
  case outFile(String)
  /// The run's event time: `${now}`.
  case now

  /// Nil when the text is not of the form `word.word`, or `now`.
  package init?(_ text: String) {
    if text == "now" {
      self = .now
      return
    }
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isWordByte) }) else { return nil }
    switch parts[0] {
    case "params": self = .parameter(parts[1])
    case "data": self = .data(parts[1])
    case "gate": self = .gate(parts[1])
    case "out": self = .outFile(parts[1])
    default: self = .output(StepOutputName(step: parts[0], output: parts[1]))
    }
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "_-".utf8.contains(byte)
  }

  package var description: String {
    switch self {
    case .parameter(let name): "params.\(name)"
    case .data(let name): "data.\(name)"
    case .output(let name): name.description
    case .gate(let name): "gate.\(name)"
    case .outFile(let name): "out.\(name)"
    case .now: "now"
    }
  }
}

/// An output of a step: `training_set.train`.
package struct StepOutputName: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
  package var step: String
  package var output: String

  package init(step: String, output: String) {
    self.step = step
    self.output = output
  }

  package var description: String { "\(step).\(output)" }
  package static func < (a: Self, b: Self) -> Bool { (a.step, a.output) < (b.step, b.output) }
}

/// A text argument of a step: written out, or the value of a parameter.
package enum TextArgument: Sendable, Hashable, Codable {
  case literal(String)
  case parameter(String)

  init(_ text: String) {
    if case .parameter(let name)? = Reference(text) { self = .parameter(name) } else { self = .literal(text) }
  }

  package var parameter: String? { if case .parameter(let name) = self { name } else { nil } }

  /// The text itself, once the run's parameters are known.
  package func text(_ params: [String: JSON]) throws -> String {
    switch self {
    case .literal(let text): return text
    case .parameter(let name):
      guard let value = params[name] else {
        throw MartletError.notFound("there is no parameter '\(name)'\(didYouMean(name, among: params.keys))")
      }
      return value.string ?? value.text
    }
  }
}

extension MappingReader {
  /// A required `step.output`.
  func output(_ key: String) -> StepOutputName? {
    guard let text = text(key, required: true) else { return nil }
    if case .output(let name)? = Reference(text) { return name }
    problems.add(
      position(of: key),
      "\(path(of: key)) names an output of a step, such as training_set.train, not '\(text.prefix(64))'")
    return nil
  }
}
