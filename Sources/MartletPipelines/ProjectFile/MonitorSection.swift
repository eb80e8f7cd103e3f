import MartletCore

/// What is watched on an endpoint of the same name.
package struct MonitorSection: Sendable, Hashable, Codable {
  package struct Rule: Sendable, Hashable, Codable {
    /// An expression, as `MartletGovernance` reads it.
    package var when: String
    /// For how many windows in a row it must hold.
    package var windows: Int
    package var severity: RuleSeverity
    package var owner: String?
  }

  package var endpoint: String
  package var windowMilliseconds: Int64
  /// `training`.
  package var reference: String
  /// Nil: every input of the model.
  package var driftColumns: [String]?
  package var driftShare: Double?
  package var qualityMetrics: [String] = []
  /// How long after a window's end its outcomes are expected to be in; nil: quality is not watched.
  package var labelDelayMilliseconds: Int64?
  package var alerts: [Rule] = []
  package var position: SourcePosition

  static func read(_ name: String, _ reader: MappingReader, check: (String) throws -> Void) -> MonitorSection? {
    let window = reader.duration("window", required: true)
    var section = MonitorSection(
      endpoint: name, windowMilliseconds: window ?? 0, reference: reader.text("reference") ?? "training",
      position: reader.position)
    if section.reference != "training" {
      reader.problems.addNotYet(reader.position(of: "reference"), "the reference '\(section.reference.prefix(64))'")
    }
    if let window, window < 60_000 {
      reader.problems.add(reader.position(of: "window"), "\(reader.path).window must be a minute or longer")
    }
    section.readDrift(reader)
    section.readQuality(reader)
    section.alerts = reader.list("alert").enumerated().compactMap { index, node in
      MappingReader(node, path: "\(reader.path).alert[\(index + 1)]", problems: reader.problems)
        .flatMap { readRule($0, check: check) }
    }
    reader.finish()
    return window == nil ? nil : section
  }

  private mutating func readDrift(_ reader: MappingReader) {
    guard let drift = reader.child("drift") else { return }
    if let node = drift.node("columns") {
      if case .scalar("all", _) = node.content {} else { driftColumns = drift.texts("columns") }
    }
    if let tests = drift.text("tests"), tests != "default" {
      reader.problems.addNotYet(drift.position(of: "tests"), "choosing drift tests (\(drift.path).tests)")
    }
    driftShare = drift.share("share")
    drift.finish()
  }

  private mutating func readQuality(_ reader: MappingReader) {
    guard let quality = reader.child("quality") else { return }
    qualityMetrics = quality.texts("metrics")
    if let labels = quality.child("labels") {
      labelDelayMilliseconds = labels.duration("within", required: true)
      labels.finish()
    } else {
      quality.require("labels")
    }
    quality.notYet("estimate", "quality estimated before outcomes are in (\(quality.path).estimate)")
    quality.finish()
  }

  private static func readRule(_ reader: MappingReader, check: (String) throws -> Void) -> Rule? {
    let when = reader.text("when", required: true)
    if let when { reader.problems.check(reader.path, at: reader.position(of: "when")) { try check(when) } }
    let rule = Rule(
      when: when ?? "", windows: readWindows(reader), severity: reader.choice("severity") ?? .warn,
      owner: reader.text("owner"))
    reader.finish()
    return when == nil ? nil : rule
  }

  /// `2 windows`, or `1 window`.
  private static func readWindows(_ reader: MappingReader) -> Int {
    guard let text = reader.text("for") else { return 1 }
    let words = text.split(separator: " ")
    if words.count == 2, ["window", "windows"].contains(words[1]), let count = Int(words[0]), (1...1000).contains(count)
    {
      return count
    }
    reader.problems.add(
      reader.position(of: "for"),
      "\(reader.path).for must be a number of windows, such as 2 windows, not '\(text.prefix(64))'")
    return 1
  }
}
