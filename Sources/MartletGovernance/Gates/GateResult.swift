import MartletCore

/// One judged line: what was compared, and why it holds or not.
package struct GateLineResult: Sendable, Hashable {
  package enum State: String, Sendable, Hashable, Codable, CaseIterable {
    case holds
    /// Holds only because there is no champion to compare with yet.
    case vacuous
    case fails
    /// There is no value to judge it by: it neither holds nor fails, and a gate does not pass on it.
    case unmeasured
  }

  package var text: String
  package var state: State
  /// Nil where there was no value.
  package var left: Double?
  package var right: Double?
  package var explanation: String

  package init(text: String, state: State, left: Double? = nil, right: Double? = nil, explanation: String) {
    self.text = text
    self.state = state
    self.left = left
    self.right = right
    self.explanation = explanation
  }

  package var holds: Bool { state == .holds || state == .vacuous }

  /// Whether it holds on values that were measured: what makes an alert.
  package var isMet: Bool { state == .holds }
}

extension GateLineResult: Codable {
  private enum CodingKeys: String, CodingKey { case text, holds, isVacuous, state, left, right, explanation }

  /// Results kept by earlier versions say `holds` and `isVacuous` and no state.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let holds = try container.decodeIfPresent(Bool.self, forKey: .holds) ?? false
    let isVacuous = try container.decodeIfPresent(Bool.self, forKey: .isVacuous) ?? false
    self.init(
      text: try container.decode(String.self, forKey: .text),
      state: try container.decodeIfPresent(State.self, forKey: .state)
        ?? (isVacuous ? .vacuous : holds ? .holds : .fails),
      left: try container.decodeIfPresent(Double.self, forKey: .left),
      right: try container.decodeIfPresent(Double.self, forKey: .right),
      explanation: try container.decode(String.self, forKey: .explanation))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(text, forKey: .text)
    try container.encode(holds, forKey: .holds)
    try container.encode(state, forKey: .state)
    try container.encodeIfPresent(left, forKey: .left)
    try container.encodeIfPresent(right, forKey: .right)
    try container.encode(explanation, forKey: .explanation)
  }
}

/// A judged gate: passed when every line holds.
package struct GateResult: Sendable, Hashable, Codable {
  package var gate: String
  package var lines: [GateLineResult]

  package init(gate: String, lines: [GateLineResult]) {
    self.gate = gate
    self.lines = lines
  }

  package var passed: Bool { lines.allSatisfy(\.holds) }
  package var failures: [GateLineResult] { lines.filter { $0.state == .fails } }
  package var unmeasured: [GateLineResult] { lines.filter { $0.state == .unmeasured } }

  /// No line fails, and at least one cannot be judged yet.
  package var isUndecided: Bool { failures.isEmpty && !unmeasured.isEmpty }

  /// Why it does not pass, in words: what fails first, then what was not measured; nil when it passes.
  package var objection: String? {
    guard !passed else { return nil }
    let lines = failures.map(\.explanation) + unmeasured.map { "unmeasured: \($0.explanation)" }
    return lines.joined(separator: "; ")
  }

  /// Throws the error of a failed gate, which names each line that does not hold.
  package func requirePassed() throws {
    guard !passed else { return }
    let counts = [(failures.count, "do not hold"), (unmeasured.count, "could not be measured")]
    let words = counts.filter { $0.0 > 0 }.enumerated().map { index, count in
      index == 0 ? "\(count.0) of \(lines.count) lines \(count.1)" : "\(count.0) \(count.1)"
    }
    throw MartletError(
      .checkFailed, "the gate '\(gate)' refuses: \(words.joined(separator: ", "))", cause: objection,
      fix: "improve what the lines measure, or change gates.\(gate) in martlet.yaml")
  }
}

/// Judges lines on facts.
package enum Gate {
  /// Judges every line, whether or not one before it fails.
  package static func evaluate(_ gate: String, _ lines: [GateExpression], facts: GateFacts) -> GateResult {
    GateResult(gate: gate, lines: lines.map { $0.evaluate(facts) })
  }

  /// Reads and judges lines as they are written.
  package static func evaluate(_ gate: String, lines: [String], facts: GateFacts) throws -> GateResult {
    evaluate(gate, try lines.map(GateExpression.parse), facts: facts)
  }
}
