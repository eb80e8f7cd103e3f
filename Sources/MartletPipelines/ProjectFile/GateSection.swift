import MartletCore

/// Lines that must hold before something may go on.
package struct GateSection: Sendable, Hashable, Codable {
  package var name: String
  /// Expressions, as `MartletGovernance` reads them.
  package var lines: [String]
  package var position: SourcePosition

  static func read(
    _ name: String, _ position: SourcePosition, _ node: YAMLNode, problems: FileProblems,
    check: (String) throws -> Void
  ) -> GateSection {
    var gate = GateSection(name: name, lines: [], position: position)
    guard case .sequence(let items) = node.content else {
      problems.add(node.position, "gates.\(name) must be a list of lines such as \"roc_auc >= 0.6\", not \(node.kind)")
      return gate
    }
    for item in items {
      if case .mapping = item.content {
        readApproval(item, name, problems)
      } else if let line = problems.text(item, "gates.\(name)") {
        gate.lines.append(line)
        problems.check("gates.\(name)", at: item.position) { try check(line) }
      }
    }
    return gate
  }

  private static func readApproval(_ node: YAMLNode, _ gate: String, _ problems: FileProblems) {
    guard let reader = MappingReader(node, path: "gates.\(gate)", problems: problems) else { return }
    if reader.texts("approve").isEmpty { reader.require("approve") }
    _ = reader.integer("count", in: 1...100)
    _ = reader.text("not")
    _ = reader.duration("expires")
    _ = reader.text("at_expiry")
    reader.finish()
    problems.addNotYet(node.position, "approval by people (gates.\(gate))")
  }
}

extension FileProblems {
  /// Reports what `body` throws at a place.
  func check(_ path: String, at position: SourcePosition, _ body: () throws -> Void) {
    do {
      try body()
    } catch {
      let error = MartletError(error, doing: "this cannot be read")
      add(position, "\(path): \(error.message)\(error.fix.map { "; \($0)" } ?? "")")
    }
  }
}
