package import MartletCore

/// What starts a pipeline run without anybody asking.
package enum TriggerDefinition: Sendable, Hashable, Codable {
  case cron(CronSchedule)
  /// So many rows committed to a dataset since the last run.
  case data(String, minimumRows: Int64)
  /// A verdict on an endpoint with a finding of one of these kinds: `drift`, `quality`, `service`, `schema`.
  case monitor(EndpointName, Set<String>)
  case webhook(String)

  /// What the trigger is called in runs and in the ledger: `cron:0 4 * * *`, `data:flights`, `monitor:flight-delay`.
  package var name: String {
    switch self {
    case .cron(let schedule): "cron:\(schedule.text)"
    case .data(let dataset, _): "data:\(dataset)"
    case .monitor(let endpoint, _): "monitor:\(endpoint)"
    case .webhook(let name): "webhook:\(name)"
    }
  }

  package static let findingKinds = ["drift", "quality", "service", "schema"]
}

extension TriggerDefinition {
  static func read(_ reader: MappingReader) -> TriggerDefinition? {
    let kinds = ["cron", "data", "monitor", "webhook"]
    let written = kinds.filter(reader.has)
    for kind in kinds where written.isEmpty { _ = reader.node(kind) }
    var trigger: TriggerDefinition?
    for kind in written { trigger = readKind(kind, reader) }
    reader.finish()
    if written.count != 1 {
      reader.problems.add(reader.position, "\(reader.path) needs exactly one of \(kinds.joined(separator: ", "))")
      return nil
    }
    return trigger
  }

  private static func readKind(_ kind: String, _ reader: MappingReader) -> TriggerDefinition? {
    switch kind {
    case "cron": return readCron(reader)
    case "data":
      let rows = reader.integer("min_rows", in: 1...Int64.max)
      return reader.name("data").map { .data($0, minimumRows: rows ?? 1) }
    case "monitor":
      let kinds = readKinds(reader)
      return reader.name("monitor").map { .monitor(EndpointName($0), kinds) }
    default:
      reader.notYet("webhook", "a trigger by webhook")
      return reader.name("webhook").map(TriggerDefinition.webhook)
    }
  }

  private static func readCron(_ reader: MappingReader) -> TriggerDefinition? {
    let zone = reader.text("tz") ?? "UTC"
    guard let text = reader.text("cron") else { return nil }
    do {
      return .cron(try CronSchedule(text, zone: zone))
    } catch {
      let message = MartletError(error, doing: "cannot be read").message
      reader.problems.add(reader.position(of: "cron"), "\(reader.path).cron: \(message)")
      return nil
    }
  }

  private static func readKinds(_ reader: MappingReader) -> Set<String> {
    guard let text = reader.text("when") else { return Set(findingKinds) }
    let words = text.split(separator: " ").map(String.init).filter { $0 != "or" }
    for word in words where !findingKinds.contains(word) {
      reader.problems.add(
        reader.position(of: "when"),
        "\(reader.path).when: unknown finding '\(word.prefix(64))'\(didYouMean(word, among: findingKinds)); they are \(findingKinds.joined(separator: ", "))"
      )
    }
    return Set(words)
  }
}

/// How many pipeline runs there may be, and how often.
package struct LimitsSection: Sendable, Hashable, Codable {
  package enum Overlap: String, Sendable, Hashable, Codable, CaseIterable {
    /// What comes while a run is under way is dropped.
    case skip
    /// It waits; a newer one takes the place of one that waits.
    case queueLatest = "queue-latest"
  }

  package var concurrency = 1
  /// From one run's start to the next one that a trigger may start, in event time.
  package var cooldownMilliseconds: Int64 = 0
  /// Runs that triggers may start within 24 hours of event time; nil: any number.
  package var runsPerDay: Int?
  package var overlap = Overlap.queueLatest

  package init(
    concurrency: Int = 1, cooldownMilliseconds: Int64 = 0, runsPerDay: Int? = nil, overlap: Overlap = .queueLatest
  ) {
    self.concurrency = concurrency
    self.cooldownMilliseconds = cooldownMilliseconds
    self.runsPerDay = runsPerDay
    self.overlap = overlap
  }

  static func read(_ reader: MappingReader) -> LimitsSection {
    var limits = LimitsSection()
    limits.concurrency = Int(reader.integer("concurrency", in: 1...1000) ?? 1)
    limits.cooldownMilliseconds = reader.duration("cooldown") ?? 0
    limits.overlap = reader.choice("overlap") ?? .queueLatest
    if let budget = reader.child("budget") {
      limits.runsPerDay = readRuns(budget)
      budget.notYet("cpu", "a budget of processor time (\(budget.path).cpu)")
      budget.finish()
    }
    reader.finish()
    return limits
  }

  private static func readRuns(_ budget: MappingReader) -> Int? {
    guard let text = budget.text("runs") else { return nil }
    let parts = text.split(separator: "/")
    if parts.count == 2, parts[1] == "day", let count = Int(parts[0]), count > 0 { return count }
    budget.problems.add(
      budget.position(of: "runs"), "\(budget.path).runs must be a number a day, such as 4/day, not '\(text.prefix(64))'"
    )
    return nil
  }
}
