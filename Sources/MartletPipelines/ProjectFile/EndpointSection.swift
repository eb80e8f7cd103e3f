import MartletCore

/// Where a model is called, and how a new version takes over.
package struct EndpointSection: Sendable, Hashable, Codable {
  package enum Strategy: String, Sendable, Hashable, Codable, CaseIterable {
    case replace, canary, shadow, ab, bandit
  }

  /// What of the requests is kept.
  package struct Log: Sendable, Hashable, Codable {
    package var share: Double
    /// Request column that identifies a prediction, by which outcomes are joined.
    package var id: String?
    /// Request column with the event time.
    package var time: String?
  }

  package var name: String
  package var strategy: Strategy
  /// Shares of the traffic, rung by rung; the last is 1.
  package var traffic: [Double]
  /// How many requests the new version answers on each rung.
  package var holdRequests: Int?
  /// How long each rung lasts, in event time.
  package var holdMilliseconds: Int64?
  /// Gate that each rung keeps true; the deployment is rolled back when it fails.
  package var rollbackGate: String?
  package var log: Log?
  package var position: SourcePosition

  static func read(_ name: String, _ reader: MappingReader) -> EndpointSection? {
    let strategy = reader.choice("strategy", Strategy.self) ?? .replace
    if ![.replace, .canary].contains(strategy) {
      reader.problems.addNotYet(reader.position(of: "strategy"), "the strategy '\(strategy.rawValue)'")
    }
    var section = EndpointSection(
      name: name, strategy: strategy, traffic: readTraffic(reader), position: reader.position)
    if let hold = reader.child("hold") {
      section.holdRequests = hold.integer("requests", in: 1...1_000_000_000).map(Int.init)
      section.holdMilliseconds = hold.duration("time")
      hold.finish()
    }
    section.rollbackGate = readRollback(reader)
    section.log = reader.child("log").map(readLog)
    if reader.share("holdout") != nil {
      reader.notYet("holdout", "a share decided without the model (\(reader.path).holdout)")
    }
    reader.finish()
    return section
  }

  private static func readTraffic(_ reader: MappingReader) -> [Double] {
    guard reader.has("traffic") else { _ = reader.node("traffic"); return [1] }
    var rungs: [Double] = []
    for node in reader.list("traffic") {
      if case .scalar(let text, _) = node.content, let share = WrittenValues.share(text), share > (rungs.last ?? 0) {
        rungs.append(share)
      } else {
        reader.problems.add(
          node.position,
          "\(reader.path).traffic must be rising shares such as [10%, 50%, 100%], not \(reader.problems.shown(node))")
        return [1]
      }
    }
    if rungs.last != 1 {
      reader.problems.add(reader.position(of: "traffic"), "\(reader.path).traffic must end with 100%")
    }
    return rungs
  }

  private static func readRollback(_ reader: MappingReader) -> String? {
    guard let text = reader.text("rollback") else { return nil }
    if case .gate(let gate)? = Reference(text) { return gate }
    reader.problems.add(
      reader.position(of: "rollback"),
      "\(reader.path).rollback names a gate, such as gate.live, not '\(text.prefix(64))'")
    return nil
  }

  private static func readLog(_ reader: MappingReader) -> Log {
    let log = Log(share: reader.share("share") ?? 1, id: reader.text("id"), time: reader.text("time"))
    if reader.share("explain") != nil { reader.notYet("explain", "explanations (\(reader.path).explain)") }
    reader.finish()
    return log
  }
}
