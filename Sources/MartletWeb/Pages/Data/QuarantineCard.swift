import MartletCore
import MartletData

/// One partition that is held back: what was found, and rows to look at.
struct QuarantineCard {
  var partition: String
  var facts: String
  var findings: [FindingEntry]
  var releaseAction: String
  var partitionLink: String

  init(_ delivery: Delivery, of key: DatasetKey) {
    partition = delivery.partition
    var facts = Facts()
    facts.add("Uploaded file", delivery.sourceName)
    facts.add("Its SHA-256", code: delivery.source.short)
    facts.add("Rows", grouped(delivery.rows))
    facts.add("Delivered by", delivery.author)
    facts.add("Event time", time: delivery.eventTime)
    self.facts = facts.html
    findings = delivery.findings.sorted { $0.severity > $1.severity }.map(FindingEntry.init)
    let path = DatasetPage.path(key)
    let name = ObjectLink.pathEncoded(delivery.partition) ?? ""
    releaseAction = "\(path)/quarantine/\(name)/release"
    partitionLink = "\(path)/partitions/\(name)"
  }
}

/// One check that did not hold.
struct FindingEntry {
  var severity: String
  var check: String
  var message: String
  var measure: String?
  var rows: String?

  init(_ finding: Finding) {
    severity = Badge(finding.severity == .error ? "stops" : "warning", finding.severity == .error ? .bad : .warn).html
    check = finding.check
    message = finding.message
    let observed = finding.observed.flatMap(words).map { "seen: \($0)" }
    let expected = finding.expected.flatMap(words).map { "expected: \($0)" }
    let failing = finding.failing.map { "\(counted($0, "row")) affected" }
    let parts = [failing, observed, expected].compactMap(\.self)
    measure = parts.isEmpty ? nil : parts.joined(separator: " · ")
    rows = finding.failingRows.isEmpty ? nil : Self.table(finding.failingRows, finding.column).html
  }

  /// The failing rows; the column in question stands first.
  private static func table(_ rows: [JSON], _ column: String?) -> Table {
    let names = Set(rows.flatMap { $0.object.map { Array($0.keys) } ?? [] })
    let first = ["_line", column].compactMap(\.self).filter(names.contains)
    let order = (first + names.subtracting(first).sorted()).prefix(20)
    return Table(
      "Failing rows", caption: "Rows to look at; _line is the line in the uploaded file.",
      columns: order.map { .init($0) },
      rows: rows.map { row in Table.Row(order.map { .text(shortText(row[$0], limit: 60)) }) })
  }
}
