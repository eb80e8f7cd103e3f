package import MartletCore
package import MartletLedger

/// One entry of the ledger, as far as flow measures need it.
package struct FlowEntry: Sendable, Hashable {
  /// `deployment.promoted`, `data.version.committed`, …
  package var action: String
  /// `endpoint:flight-delay`, `model:flight-delay@3`, `pipeline:…`
  package var object: String
  package var at: Timestamp
  /// What else the entry names: `model_version` of a deployment, `pipeline_run` of a version, `severity` of an alert.
  package var related: [String: String]

  package init(action: String, object: String, at: Timestamp, related: [String: String] = [:]) {
    self.action = action
    self.object = object
    self.at = at
    self.related = related
  }
}

extension FlowEntry {
  /// An entry of the ledger, reduced to what flow measures need.
  package init(_ entry: LedgerEntry, at time: Timestamp) {
    let after = entry.after
    var related: [String: String] = [:]
    related["model_version"] = entry.action.hasPrefix("deployment.") ? after?["version"]?.string : nil
    related["pipeline_run"] = after?["lineage"]?["pipelineRun"]?.string
    related["severity"] = after?["severity"]?.string
    self.init(action: entry.action, object: entry.object, at: time, related: related)
  }
}

/// How work flows, from the project's own records: nothing is typed in by hand.
///
/// The four measures are those of Forsgren, Humble and Kim ("Accelerate", 2018), with new data in the place of a commit.
package struct FlowMeasures: Sendable, Hashable, Codable {
  /// A measured time with the number of cases behind it.
  package struct Spread: Sendable, Hashable, Codable {
    package var count: Int
    package var medianMilliseconds: Int64
    package var longestMilliseconds: Int64

    init?(_ durations: [Int64]) {
      guard !durations.isEmpty else { return nil }
      let sorted = durations.sorted()
      count = sorted.count
      let middle = sorted.count / 2
      medianMilliseconds = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
      longestMilliseconds = sorted[sorted.count - 1]
    }
  }

  /// From the newest data that a version was trained on to the version answering all requests; nil: no promotion whose
  /// data is on record.
  package var cycleTime: Spread?
  /// Promotions in the period.
  package var deployments: Int
  /// Promotions per 30 days; nil for a period of no length.
  package var deploymentsPer30Days: Double?
  /// Rolled back, of all that ended by promotion or roll-back; nil: none ended.
  package var changeFailRate: Double?
  /// From an error alert to its end; nil: none ended.
  package var timeToRecover: Spread?
  /// Quarantined, of all partitions delivered; nil: none delivered.
  package var dataErrorRate: Double?

  /// Measures the entries between `from` and `to`; earlier entries are used to find where a promoted version comes from.
  package init(entries: [FlowEntry], from: Timestamp, to: Timestamp) {
    let entries = entries.sorted { $0.at < $1.at }
    let period = entries.filter { $0.at >= from && $0.at <= to }
    func count(_ action: String) -> Int { period.count { $0.action == action } }
    deployments = count("deployment.promoted")
    let days = Double(to.milliseconds - from.milliseconds) / Double(Timestamp.millisecondsPerDay)
    deploymentsPer30Days = days > 0 ? Double(deployments) * 30 / days : nil
    changeFailRate = Self.share(count("deployment.rolled_back"), and: deployments)
    dataErrorRate = Self.share(count("dataset.partition.quarantined"), and: count("dataset.version.committed"))
    cycleTime = Spread(Self.cycleTimes(of: period, in: entries))
    timeToRecover = Spread(Self.recoveries(of: period, in: entries))
  }

  private static func share(_ bad: Int, and good: Int) -> Double? {
    bad + good == 0 ? nil : Double(bad) / Double(bad + good)
  }

  /// promotion → model version → pipeline run → the last data committed before that run started.
  ///
  /// A version's registration may be on record by the wall clock while all else is by event time; it is found by its name.
  private static func cycleTimes(of period: [FlowEntry], in entries: [FlowEntry]) -> [Int64] {
    period.filter { $0.action == "deployment.promoted" }.compactMap { promotion in
      guard let version = promotion.related["model_version"],
        let registered = entries.last(where: {
          $0.action == "model.version.registered" && $0.object == "model:\(version)"
        }),
        let run = registered.related["pipeline_run"],
        let started = entries.last(where: { $0.action == "pipeline.started" && $0.object == "pipeline:\(run)" }),
        let data = entries.last(where: { $0.action == "dataset.version.committed" && $0.at <= started.at })
      else { return nil }
      return promotion.at.milliseconds - data.at.milliseconds
    }
  }

  /// alert.raised with severity error → alert.resolved of the same alert.
  private static func recoveries(of period: [FlowEntry], in entries: [FlowEntry]) -> [Int64] {
    period.filter { $0.action == "alert.resolved" }.compactMap { end in
      entries.first { $0.action == "alert.raised" && $0.object == end.object && $0.related["severity"] == "error" }
        .map { end.at.milliseconds - $0.at.milliseconds }
    }
  }
}
