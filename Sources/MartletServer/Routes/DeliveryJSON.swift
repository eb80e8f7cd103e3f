import MartletCore
import MartletData

/// Deliveries and reports on them, with what a person looks for first at the top level.
enum DeliveryJSON {
  static func json(_ report: IngestReport) throws -> JSON {
    let state = !report.quarantined.isEmpty ? "quarantined" : report.version == nil ? "unchanged" : "committed"
    var json: [String: JSON] = [
      "state": .string(state), "dataset": .string(report.dataset.description), "rows": .integer(report.rows),
      "summary": .string(report.summary), "learned_contract": .boolean(report.learnedContract),
      "partitions": .array(report.partitions.map { .string($0.partition) }),
      "outcomes": .array(
        report.partitions.map { partition in
          [
            "partition": .string(partition.partition), "outcome": .string(partition.outcome.rawValue),
            "rows": .integer(partition.rows),
          ]
        }), "findings": .array(try report.findings.map { try JSON(snakeCase: $0) }),
    ]
    json["version"] = report.version.map { .integer(Int64($0.number)) }
    return .object(json)
  }

  static func json(_ delivery: Delivery) throws -> JSON {
    let reasons = delivery.findings.filter { $0.severity == .error }.map(\.message)
    return [
      "id": .integer(delivery.id), "partition": .string(delivery.partition),
      "status": .string(delivery.status.rawValue),
      "rows": .integer(delivery.rows), "bytes": .integer(delivery.bytes), "file": .string(delivery.sourceName),
      "delivered": .string(delivery.deliveredAt.description), "author": .string(delivery.author),
      "reason": .string(reasons.prefix(3).joined(separator: "; ")),
      "findings": .array(try delivery.findings.map { try JSON(snakeCase: $0) }),
    ]
  }
}
