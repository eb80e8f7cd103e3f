import MartletCore
import MartletData
import MartletLifecycle

/// One partition: every delivery of it, what was found in each, and how each was settled.
struct PartitionPage {
  struct Entry {
    var title: String
    var state: String
    var facts: String
    var findings: [FindingEntry]
    var statistics: String

    init(_ delivery: Delivery) {
      title = delivery.sourceName
      state = delivery.status.badge.html
      var facts = Facts()
      facts.add("Event time", time: delivery.eventTime)
      facts.add("Delivered", time: delivery.deliveredAt)
      facts.add("By", delivery.author)
      facts.add("Rows", grouped(delivery.rows))
      facts.add("In version", delivery.version.map(String.init))
      facts.add("Uploaded file", code: delivery.source.hex)
      facts.add("Stored as", code: delivery.digest.hex)
      self.facts = facts.html
      findings = delivery.findings.map(FindingEntry.init)
      statistics = Self.table(delivery.statistics).html
    }

    private static func table(_ statistics: PartitionStatistics) -> Table {
      Table(
        "Columns",
        columns: [
          .init("Column"), .number("Missing"), .number("Distinct"), .init("Least"), .init("Greatest"), .number("Mean"),
        ],
        rows: statistics.columns.map { column in
          Table.Row([
            .code(column.name), .count(column.nulls), .count(column.distinct), .text(column.min), .text(column.max),
            .number(column.mean),
          ])
        })
    }
  }

  var partition: String
  var summary: String
  var entries: [Entry]

  init(_ partition: String, _ deliveries: [Delivery]) {
    self.partition = partition
    summary = "delivered \(deliveries.count == 1 ? "once" : "\(deliveries.count) times")"
    entries = deliveries.map(Entry.init)
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let key = DatasetKey(project: try request.identifier("project"), name: try request.identifier("dataset"))
    let partition = try request.name("partition")
    let deliveries = try await platform.data.deliveries(key, partition: partition)
    guard !deliveries.isEmpty else {
      throw MartletError.notFound(
        "no partition '\(partition.prefix(60))' of \(key) was delivered",
        fix: "martlet data show \(key.name) lists what is there")
    }
    return Page(
      title: "\(key.name) \(partition)", section: .data,
      crumbs: [Link(label: "Data", link: "/data"), Link(label: key.name.text, link: DatasetPage.path(key))],
      template: "partition", model: PartitionPage(partition, deliveries),
      apiLink:
        "/api/v1/projects/\(key.project)/datasets/\(key.name)/partitions/\(ObjectLink.pathEncoded(partition) ?? "")/deliveries",
      command: "martlet data preview \(key.name) --partition \(partition)")
  }

  /// A person's decision that a partition is right after all; leads back to the dataset.
  static func release(_ platform: Platform, _ request: PageRequest) async throws -> String {
    let key = DatasetKey(project: try request.identifier("project"), name: try request.identifier("dataset"))
    _ = try await platform.data.release(
      key, partition: try request.name("partition"), reason: String((request.form["reason"] ?? "").prefix(500)),
      at: platform.clock.now, by: request.author)
    return DatasetPage.path(key)
  }
}

extension Delivery.Status {
  var badge: Badge {
    switch self {
    case .committed: Badge("committed", .good)
    case .superseded: Badge("superseded")
    case .quarantined: Badge("held back", .bad)
    case .resolved: Badge("settled")
    }
  }
}
