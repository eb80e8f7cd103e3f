import MartletCore

/// One judged line: what was compared, and why it holds or not.
package struct GateLineResult: Sendable, Hashable, Codable {
  package var text: String
  package var holds: Bool
  /// Holds only because there is no champion to compare with yet.
  package var isVacuous: Bool
  /// Nil where there was no value.
  package var left: Double?
  package var right: Double?
  package var explanation: String

  package init(
    text: String, holds: Bool, isVacuous: Bool = false, left: Double? = nil, right: Double? = nil, explanation: String
  ) {
    self.text = text
    self.holds = holds
    self.isVacuous = isVacuous
    self.left = left
    self.right = right
    self.explanation = explanation
  }

  /// Whether it holds on values that were measured: what makes an alert.
  package var isMet: Bool { holds && !isVacuous }
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
  package var failures: [GateLineResult] { lines.filter { !$0.holds } }

  /// Throws the error of a failed gate, which names each line that does not hold.
  package func requirePassed() throws {
    guard !passed else { return }
    throw MartletError(
      .checkFailed, "the gate '\(gate)' refuses: \(failures.count) of \(lines.count) lines do not hold",
      cause: failures.map(\.explanation).joined(separator: "; "),
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
