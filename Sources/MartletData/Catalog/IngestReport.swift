package import MartletCore

/// What came of a delivery, partition by partition.
package struct IngestReport: Sendable, Hashable, Codable {
  package enum Outcome: String, Sendable, Hashable, Codable {
    /// A new partition of the new version.
    case committed
    /// Took the place of an earlier delivery, or settled a quarantine.
    case repaired
    /// The same content is already there: nothing was done.
    case unchanged
    /// Held back: it has findings of severity `error`.
    case quarantined
  }

  package struct Partition: Sendable, Hashable, Codable {
    package var partition: String
    package var outcome: Outcome
    package var rows: Int64
    package var digest: Digest
    package var findings: [Finding]
  }

  package var dataset: DatasetKey
  /// The version that was committed; nil when nothing new was.
  package var version: DataVersion?
  package var partitions: [Partition]
  /// The contract was learned from this delivery.
  package var learnedContract: Bool
  package var contract: DataSchema

  package var rows: Int64 { partitions.reduce(0) { $0 + $1.rows } }
  package var findings: [Finding] { partitions.flatMap(\.findings) }
  package var quarantined: [Partition] { partitions.filter { $0.outcome == .quarantined } }

  /// One line for people: `90 partitions committed, 1 quarantined`.
  package var summary: String {
    let counts = [Outcome.committed, .repaired, .unchanged, .quarantined].compactMap { outcome -> String? in
      let count = partitions.count { $0.outcome == outcome }
      return count == 0 ? nil : "\(count) \(outcome.rawValue)"
    }
    return
      "\(partitions.count == 1 ? "1 partition" : "\(partitions.count) partitions"): \(counts.joined(separator: ", "))"
  }
}
